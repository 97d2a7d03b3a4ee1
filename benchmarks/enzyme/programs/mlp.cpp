#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>

double mlp(const double *__restrict__ w_1, const double *__restrict__ b_1, const double *__restrict__ w_2,
           const double *__restrict__ b_2, const double *__restrict__ w_3, const double *__restrict__ b_3,
           const double *__restrict__ x, const double *__restrict__ labels, long n, long inputs, long width,
           long classes) {
    std::unique_ptr<double[]> h(new double[n * width]), g(new double[n * width]), scores(new double[n * classes]);
    matrix_matrix(x, w_1, n, inputs, width, h.get());
    for (long i = 0; i < n; i++)
        for (long k = 0; k < width; k++)
            h[i * width + k] = std::tanh(h[i * width + k] + b_1[k]);
    matrix_matrix(h.get(), w_2, n, width, width, g.get());
    for (long i = 0; i < n; i++)
        for (long k = 0; k < width; k++)
            g[i * width + k] = std::tanh(g[i * width + k] + b_2[k]);
    matrix_matrix(g.get(), w_3, n, width, classes, scores.get());
    double total = 0.0;
    for (long i = 0; i < n; i++) {
        double most = -std::numeric_limits<double>::infinity();
        for (long k = 0; k < classes; k++) {
            scores[i * classes + k] += b_3[k];
            most = std::max(most, scores[i * classes + k]);
        }
        double whole = 0.0;
        for (long k = 0; k < classes; k++) {
            whole += std::exp(scores[i * classes + k] - most);
            total -= labels[i * classes + k] * scores[i * classes + k];
        }
        total += most + std::log(whole);
    }
    return total / n;
}
