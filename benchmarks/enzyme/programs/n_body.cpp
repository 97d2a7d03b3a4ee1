#include <cmath>
#include <memory>

double n_body(const double *__restrict__ position_0, const double *__restrict__ velocity_0,
              const double *__restrict__ mass, double dt, long steps, long n) {
    std::unique_ptr<double[]> position(new double[3 * n]), velocity(new double[3 * n]);
    for (long k = 0; k < 3 * n; k++) {
        position[k] = position_0[k];
        velocity[k] = velocity_0[k];
    }
    for (long t = 0; t < steps; t++) {
        for (long i = 0; i < n; i++) {
            double ax = 0.0, ay = 0.0, az = 0.0;
            for (long j = 0; j < n; j++) {
                double dx = position[3 * j] - position[3 * i];
                double dy = position[3 * j + 1] - position[3 * i + 1];
                double dz = position[3 * j + 2] - position[3 * i + 2];
                double square = dx * dx + dy * dy + dz * dz + 0.01;
                double pull = mass[j] / (square * std::sqrt(square));
                ax += pull * dx;
                ay += pull * dy;
                az += pull * dz;
            }
            velocity[3 * i] += dt * ax;
            velocity[3 * i + 1] += dt * ay;
            velocity[3 * i + 2] += dt * az;
        }
        for (long k = 0; k < 3 * n; k++)
            position[k] += dt * velocity[k];
    }
    double total = 0.0;
    for (long k = 0; k < 3 * n; k++)
        total += position[k] * position[k];
    return total;
}
