#include <cmath>
#include <memory>

double cholesky(const double *__restrict__ a, const double *__restrict__ b, long n) {
    std::unique_ptr<double[]> root(new double[n * n]), y(new double[n]), x(new double[n]);
    for (long j = 0; j < n; j++) {
        double s = a[j * n + j];
        for (long k = 0; k < j; k++)
            s -= root[j * n + k] * root[j * n + k];
        root[j * n + j] = std::sqrt(s);
        for (long i = j + 1; i < n; i++) {
            s = a[i * n + j];
            for (long k = 0; k < j; k++)
                s -= root[i * n + k] * root[j * n + k];
            root[i * n + j] = s / root[j * n + j];
        }
    }
    for (long i = 0; i < n; i++) {
        double s = b[i];
        for (long k = 0; k < i; k++)
            s -= root[i * n + k] * y[k];
        y[i] = s / root[i * n + i];
    }
    for (long i = n - 1; i >= 0; i--) {
        double s = y[i];
        for (long k = i + 1; k < n; k++)
            s -= root[k * n + i] * x[k];
        x[i] = s / root[i * n + i];
    }
    double total = 0.0;
    for (long i = 0; i < n; i++)
        total += 2.0 * std::log(root[i * n + i]) + b[i] * x[i];
    return total;
}
