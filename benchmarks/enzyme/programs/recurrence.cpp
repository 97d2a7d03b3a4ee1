#include <cmath>

double recurrence(const double *__restrict__ x, double rate, long n) {
    double s = 0.0;
    for (long i = 0; i < n; i++) {
        double r = x[i] - rate * s;
        if (std::fabs(r) < 1.0)
            s = s + 0.5 * r * r;
        else
            s = s + std::fabs(r) - 0.5;
    }
    return s;
}
