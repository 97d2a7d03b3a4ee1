#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>

double gmm(const double *__restrict__ weights, const double *__restrict__ means, const double *__restrict__ logs,
           const double *__restrict__ lower, const double *__restrict__ x, long k, long n, long d) {
    std::unique_ptr<double[]> diagonals(new double[k * d]), offsets(new double[k]), scores(new double[k]);
    double whole = 0.0;
    for (long j = 0; j < k; j++) {
        offsets[j] = weights[j];
        for (long a = 0; a < d; a++) {
            diagonals[j * d + a] = std::exp(logs[j * d + a]);
            offsets[j] += logs[j * d + a];
        }
        whole += std::exp(weights[j]);
    }
    double total = 0.0;
    for (long i = 0; i < n; i++) {
        double most = -std::numeric_limits<double>::infinity();
        for (long j = 0; j < k; j++) {
            double square = 0.0;
            for (long a = 0; a < d; a++) {
                double z = diagonals[j * d + a] * (x[i * d + a] - means[j * d + a]);
                for (long b = 0; b < a; b++)
                    z += lower[(j * d + a) * d + b] * (x[i * d + b] - means[j * d + b]);
                square += z * z;
            }
            scores[j] = offsets[j] - 0.5 * square;
            most = std::max(most, scores[j]);
        }
        double spread = 0.0;
        for (long j = 0; j < k; j++)
            spread += std::exp(scores[j] - most);
        total += most + std::log(spread);
    }
    return total - n * std::log(whole);
}
