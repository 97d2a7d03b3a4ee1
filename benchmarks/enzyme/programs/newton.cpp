#include <cmath>

double newton(const double *__restrict__ eccentricity, const double *__restrict__ mean, long n) {
    double total = 0.0;
    for (long i = 0; i < n; i++) {
        double angle = mean[i];
        double step = 1.0;
        while (std::fabs(step) > 1e-11) {
            step = (angle - eccentricity[i] * std::sin(angle) - mean[i]) / (1.0 - eccentricity[i] * std::cos(angle));
            angle = angle - step;
        }
        total += angle * angle;
    }
    return total;
}
