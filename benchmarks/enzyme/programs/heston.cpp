#include <cmath>

double heston(double price, double variance, double speed, double level, double volatility, double correlation,
              double barrier, double strike, double dt, const double *__restrict__ first,
              const double *__restrict__ second, long paths, long steps) {
    double other = std::sqrt(1.0 - correlation * correlation);
    double payoff = 0.0;
    for (long p = 0; p < paths; p++) {
        double s = price, v = variance;
        bool alive = true;
        for (long t = 0; t < steps; t++) {
            if (v > 0.0) {
                double root = std::sqrt(v * dt);
                s = s * std::exp(-0.5 * v * dt + root * first[p * steps + t]);
                double shock = correlation * first[p * steps + t] + other * second[p * steps + t];
                v = v + speed * (level - v) * dt + volatility * root * shock;
            } else {
                v = v + speed * level * dt;
            }
            if (s > barrier) {
                alive = false;
                break;
            }
        }
        if (alive && s > strike)
            payoff += s - strike;
    }
    return payoff / paths;
}
