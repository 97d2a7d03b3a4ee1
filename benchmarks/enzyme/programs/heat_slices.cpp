#include <memory>
#include <utility>

double heat_slices(const double *__restrict__ start, double alpha, long steps, long rows, long columns) {
    std::unique_ptr<double[]> first(new double[rows * columns]), second(new double[rows * columns]);
    double *u = first.get(), *v = second.get();
    for (long k = 0; k < rows * columns; k++)
        u[k] = v[k] = start[k];
    for (long t = 0; t < steps; t++) {
        for (long i = 1; i < rows - 1; i++)
            for (long j = 1; j < columns - 1; j++) {
                long k = i * columns + j;
                v[k] = u[k] + alpha * (u[k - columns] + u[k + columns] + u[k - 1] + u[k + 1] - 4.0 * u[k]);
            }
        std::swap(u, v);
    }
    double total = 0.0;
    for (long k = 0; k < rows * columns; k++)
        total += u[k] * u[k];
    return total;
}
