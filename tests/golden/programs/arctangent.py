"""The arctangent as a continued fraction, to a given depth: recursion on numbers."""


def fraction(x, k, depth):
    if k == depth:
        return 2.0 * k + 1.0
    return 2.0 * k + 1.0 + ((k + 1) * x) ** 2 / fraction(x, k + 1, depth)


def arctangent(x, depth):
    return x / fraction(x, 0, depth)


ARGS = (0.7, 12)
