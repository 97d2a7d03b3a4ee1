"""Net radiation between two bodies: a helper of one expression, called twice."""


def radiance(temperature, emissivity):
    return 5.67e-8 * emissivity * temperature**4


def radiated_power(hot, cold, emissivity, area):
    return area * (radiance(hot, emissivity) - radiance(cold, emissivity))


ARGS = (600.0, 300.0, 0.8, 2.0)
RTOL = 1e-6
