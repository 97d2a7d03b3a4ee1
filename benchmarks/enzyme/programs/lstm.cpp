#include <cmath>
#include <memory>

double lstm(const double *__restrict__ w_in, const double *__restrict__ w_state, const double *__restrict__ bias,
            const double *__restrict__ x, const double *__restrict__ target, long steps, long width) {
    std::unique_ptr<double[]> h(new double[width]), c(new double[width]);
    std::unique_ptr<double[]> a(new double[4 * width]), b(new double[4 * width]);
    for (long k = 0; k < width; k++)
        h[k] = c[k] = 0.0;
    double loss = 0.0;
    for (long t = 0; t < steps; t++) {
        matrix_vector(w_in, 4 * width, width, &x[t * width], a.get());
        matrix_vector(w_state, 4 * width, width, h.get(), b.get());
        for (long k = 0; k < width; k++) {
            double take = 1.0 / (1.0 + std::exp(-(a[k] + b[k] + bias[k])));
            double keep = 1.0 / (1.0 + std::exp(-(a[width + k] + b[width + k] + bias[width + k])));
            double show = 1.0 / (1.0 + std::exp(-(a[2 * width + k] + b[2 * width + k] + bias[2 * width + k])));
            c[k] = keep * c[k] + take * std::tanh(a[3 * width + k] + b[3 * width + k] + bias[3 * width + k]);
            h[k] = show * std::tanh(c[k]);
            double error = h[k] - target[t * width + k];
            loss += error * error;
        }
    }
    return loss;
}
