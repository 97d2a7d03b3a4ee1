#include <memory>

double heat_loops(const double *__restrict__ start, double alpha, long steps, long rows, long columns) {
    std::unique_ptr<double[]> u(new double[rows * columns]), v(new double[rows * columns]);
    for (long k = 0; k < rows * columns; k++)
        u[k] = start[k];
    for (long t = 0; t < steps; t++) {
        for (long k = 0; k < rows * columns; k++)
            v[k] = u[k];
        for (long i = 1; i < rows - 1; i++)
            for (long j = 1; j < columns - 1; j++) {
                long k = i * columns + j;
                u[k] = v[k] + alpha * (v[k - columns] + v[k + columns] + v[k - 1] + v[k + 1] - 4.0 * v[k]);
            }
    }
    double total = 0.0;
    for (long k = 0; k < rows * columns; k++)
        total += u[k] * u[k];
    return total;
}
