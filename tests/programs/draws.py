"""Programs that draw random numbers: the draws are constants, and come in the order in which the program asks for them.

Each evaluation gets a generator in the same state, so that finite differences see the same numbers.
"""

import math

import numpy as np

from .registry import case, draw, positive


def rng(seed=0):
    return np.random.default_rng(seed)


NOT_IN_NUMBA = "Numba has no such method of generators"
NO_GENERATOR = "Numba makes no generators in compiled code"


@case((1.3, rng()), second=True)
def soft_pi(radius, rng):
    """A quarter of a disc by Monte Carlo, with a border that is soft: a step would have no derivative."""
    inside = 0.0
    for _ in range(50):
        x = rng.random()
        y = rng.random()
        inside += 1.0 / (1.0 + math.exp(8.0 * (math.sqrt(x * x + y * y) - radius)))
    return 4.0 * inside / 50


@case((100.0, 0.2, 0.05, rng(3)), second=True)
def call_price(spot, volatility, rate, rng):
    z = rng.standard_normal(200)
    end = spot * np.exp((rate - 0.5 * volatility**2) + volatility * z)
    return math.exp(-rate) * np.mean(np.maximum(end - 105.0, 0.0))


@case((100.0, 0.04, 1.5, 0.3, rng(1)), also=((100.0, 0.3, 1.5, 0.9, rng(2)),))
def heston_with_barrier(spot, variance, pull, vol_of_vol, rng):
    """A path ends at the barrier: how many numbers are drawn turns on what was drawn."""
    total = 0.0
    dt = 0.02
    for _ in range(6):
        s, v = spot, variance
        for _ in range(20):
            z = rng.standard_normal()
            w = -0.7 * z + math.sqrt(1.0 - 0.49) * rng.standard_normal()
            s = s * math.exp(-0.5 * v * dt + math.sqrt(v * dt) * z)
            v = abs(v + pull * (0.04 - v) * dt + vol_of_vol * math.sqrt(v * dt) * w) + 1e-6
            if s < 96.0:
                break
        total += max(s - 98.0, 0.0)
    return total / 6


@case((0.5, 1.2, rng(4)), also=((0.5, 1.2, rng(5)),))
def metropolis(x, width, rng):
    """The states of a chain with the moves it has accepted."""
    total = 0.0
    for _ in range(20):
        proposal = x + width * rng.normal()
        if math.log(rng.random()) < 0.5 * (x * x - proposal * proposal):
            x = proposal
        total += x * x
    return total


@case((draw(3), draw(8, 3, seed=1), draw(8, seed=2), rng(6)), wrt=(0, 2))
def sgd_with_shuffles(w, x, y, rng):
    order = np.arange(len(y))
    w = w.copy()
    for _ in range(3):
        rng.shuffle(order)
        for k in range(len(order)):
            i = order[k]
            w -= 0.05 * (np.dot(w, x[i]) - y[i]) * x[i]
    return np.sum(w * w)


@case((draw(5), draw(4, 5, seed=3), rng(7)), second=True)
def dropout(x, weights, rng):
    keep = rng.random(5) < 0.6
    hidden = np.tanh(weights @ np.where(keep, x, 0.0))
    mask = rng.random(hidden.shape) < 0.8
    return np.sum(hidden * mask / 0.8)


@case((0.3, 2.0, rng(8)), also=((0.3, 2.0, rng(9)),))
def walk_to_a_border(step, border, rng):
    """A walk whose number of steps only the draws tell."""
    x = 0.0
    cost = 0.0
    while abs(x) < border:
        x = x + step * rng.normal(0.1, 1.0)
        cost += 0.1 * x * x
        if rng.random() < 0.01:
            break
    return x + cost


@case((1.5, 0.7, rng(10)), second=True)
def test_of_a_while_draws(x, rate, rng):
    s = 0.0
    while rng.random() < 0.8:
        s += x
        x = x * rate
    return s


@case((1.5, 0.7, rng(11)), second=True)
def reparameterised(mean, spread, rng):
    a = rng.normal(mean, spread)
    b = rng.uniform(mean, mean + spread)
    c = rng.exponential(spread)
    d = rng.lognormal(mean, spread)
    return a * b + c * d


@case((1.5, 0.7, rng(11)), second=True)
def reparameterised_tails(mean, spread, rng):
    a = rng.laplace(mean, spread) + rng.logistic(mean, spread)
    return a * rng.rayleigh(spread) + rng.weibull(mean) - rng.gamma(2.0, spread)


@case((1.5, 0.7, rng(11)), jit=False, reason=NOT_IN_NUMBA, second=True)
def gumbel_softmax(a, b, rng):
    logits = np.array([a, b, a * b]) + rng.gumbel(0.0, 1.0, 3) + rng.gumbel(a, b)
    e = np.exp(logits - np.max(logits))
    return np.dot(e / np.sum(e), np.array([1.0, 2.0, 4.0]))


@case((draw(4), positive(4, seed=4), rng(12)), second=True)
def evidence_lower_bound(mean, deviation, rng):
    z = rng.normal(mean, deviation)
    log_q = -0.5 * np.sum(((z - mean) / deviation) ** 2) - np.sum(np.log(deviation))
    return -0.5 * np.sum((z - 1.0) ** 2) - log_q


@case((draw(3), positive(2, 1, seed=5), rng(13)), second=True)
def broadcast_parameters(mean, deviation, rng):
    return np.sum(rng.normal(mean, deviation) ** 2)


@case((draw(3), rng(14)), second=True)
def unused_draws_are_drawn(x, rng):
    skipped = rng.normal(size=3)
    rng.random()
    return np.sum(x * rng.normal(size=3))


@case((draw(6), rng(15)), second=True)
def in_one_branch(x, rng):
    s = 0.0
    for i in range(len(x)):
        if x[i] > 0.0:
            s += x[i] * rng.normal()
        elif rng.random() < 0.5:
            s -= x[i] ** 2
    return s


@case((1.2, rng(16)), second=True)
def in_a_ternary(x, rng):
    a = rng.normal() if x > 1.0 else rng.random()
    b = rng.normal() if x < 1.0 else rng.random()
    return a * x + b * x * x + (x if x > 0.0 or rng.random() < 0.5 else 0.0) * rng.random()


@case((draw(5), rng(17)), second=True)
def index_and_value(x, rng):
    """Python evaluates the value first in an assignment, the index first in an update."""
    y = x.copy()
    y[rng.integers(5)] = x[rng.integers(5)] * rng.random()
    y[rng.integers(5)] += x[0] * rng.random()
    y[rng.integers(5)] *= rng.random()
    return np.sum(y * y * x)


def noisy(x, rng, scale=1.0):
    return x + scale * rng.normal()


def noisy_square(x, rng):
    if rng.random() < 0.5:
        return noisy(x, rng) ** 2
    return x * noisy(x, rng, scale=x)


@case((0.8, rng(18)), second=True)
def callees_draw(x, rng):
    s = noisy(x, rng) * noisy(x, rng, 0.1)
    for _ in range(4):
        s += noisy_square(x, rng)
    return s


@case((draw(6), rng(19)), jit=False, reason=NOT_IN_NUMBA, second=True)
def bootstrap(x, rng):
    sample = rng.choice(x, size=6)
    return np.mean(sample) ** 2 + rng.choice(x) * rng.choice(3)


@case((draw(6), draw(4, 2), rng(20)))
def permuted_data(x, rows, rng):
    y = rng.permutation(x)
    z = rng.permutation(rows)
    return np.sum(y * np.arange(6.0)) + np.sum(z[:, 0] * np.arange(4.0)) * rows[0, 1]


@case((draw(5), draw(3, 2), rng(21)), second=True)
def shuffled_in_place(x, rows, rng):
    y = x * x
    rng.shuffle(y)
    rng.shuffle(rows)
    return np.sum(y * np.arange(5.0) * x) + np.sum(rows[0] * rows[1] ** 2)


@case((1.4, 0.6, rng(22)), second=True)
def constant_draws(x, y, rng):
    counts = rng.poisson(3.0, 4)
    b = rng.beta(2.0, 3.0)
    c = rng.chisquare(4.0, size=2)
    t = rng.standard_t(5.0)
    n = rng.binomial(10, 0.4)
    return x * np.sum(counts) + y * b + x * y * np.sum(c) * t + x ** (n % 3) * rng.integers(1, 6)


@case((1.4, 0.6, 3), wrt=(0, 1), jit=False, reason=NO_GENERATOR, second=True)
def own_generator(x, y, seed):
    rng = np.random.default_rng(seed)
    other = rng
    s = 0.0
    for _ in range(3):
        s += x * rng.normal(x, y) + other.random()
    return s


@case((1.4, 0.6, np.random.RandomState(5)), jit=False, reason="Numba has no RandomState", second=True)
def older_generator(x, y, rs):
    a = rs.normal(x, y, size=3)
    b = rs.rand(2, 2) + rs.randn()
    order = rs.permutation(3)
    return np.sum(a[order] * np.arange(3.0)) * np.sum(b) + x ** rs.randint(1, 4)


@case((1.4, 0.6), jit=False, reason="NumPy's own state is not Numba's", second=True)
def older_functions(x, y):
    np.random.seed(11)
    s = 0.0
    for _ in range(4):
        s += np.random.normal(x, y) * np.random.rand()
        if np.random.random() < 0.5:
            s += y * np.random.uniform(0.0, x)
    return s


@case((draw(2), rng(23)), jit=False, reason=NOT_IN_NUMBA, second=True)
def correlated(mean, rng):
    cov = np.array([[1.0, 0.3], [0.3, 2.0]])
    s = 0.0
    for _ in range(3):
        z = rng.multivariate_normal(mean, cov)
        s += z[0] * z[1]
    return s + np.sum(rng.multivariate_normal([0.0, 0.0], cov, size=2) @ mean)


@case((draw(4), rng(24)), second=True)
def two_vectors_in_a_loop(x, rng):
    """Drawn arrays that the reverse sweep reads."""
    s = 0.0
    for _ in range(3):
        z = rng.standard_normal(len(x))
        w = rng.normal(size=x.shape)
        s += np.dot(x * z, np.tanh(x * w))
        x = x + 0.1 * z * x
    return s


@case((np.float32(1.5), draw(3).astype(np.float32), rng(25)), rtol=1e-2, second=True)
def single_precision(a, x, rng):
    z = rng.standard_normal(3, dtype=np.float32)
    return np.sum(a * x * z) + a * rng.random(dtype=np.float32)
