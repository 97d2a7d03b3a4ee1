"""Numerical methods as textbooks print them: recursions, line searches, eliminations, root finders, assembly."""

import math

import numpy as np

import srcdiff

from .registry import case, draw, positive


def masked_determinant(a, row, used):
    n = len(a)
    if row == n:
        return 1.0
    total = 0.0
    sign = 1.0
    for j in range(n):
        if used[j]:
            continue
        used[j] = 1
        total += sign * a[row, j] * masked_determinant(a, row + 1, used)
        used[j] = 0
        sign = -sign
    return total


@case(args=(draw(4, 4),), second=True)
def determinant_by_marks(a):
    return masked_determinant(a, 0, np.zeros(len(a), dtype=np.int64))


def rosenbrock(x, a, b):
    return (a - x[0]) ** 2 + b * (x[1] - x[0] ** 2) ** 2


rosenbrock_grad = srcdiff.grad(rosenbrock)


@case(args=(np.array([-0.6, 0.8]), 1.0, 5.0), rtol=1e-4)
def line_search(x, a, b):
    for _ in range(3):
        g = rosenbrock_grad(x, a, b)
        fx = rosenbrock(x, a, b)
        slope = g @ g
        t = 0.5
        while rosenbrock(x - t * g, a, b) > fx - 1e-4 * t * slope:
            t *= 0.5
        x = x - t * g
    return rosenbrock(x, a, b)


def backtracking(f, x, step=1.0, shrink=0.5):
    g = srcdiff.grad(f)(x)
    value = f(x)
    while f(x - step * g) > value - 0.3 * step * np.dot(g, g):
        step *= shrink
        if step < 1e-8:
            break
    return x - step * g


@case(args=(draw(3), 1.7, 0.4), rtol=1e-4)
def descent_with_closure(x, stiffness, coupling):
    def energy(y):
        return 0.5 * stiffness * np.sum(y**2) + coupling * np.sum(np.cos(y)) + 0.1 * np.sum(y**4)

    for _ in range(3):
        x = backtracking(energy, x)
    return np.sum(x) + energy(x)


@case(args=(np.array([2.0, 0.7, 0.3, -0.1]), draw(4)), second=True)
def levinson(r, y):
    """Solves the Toeplitz system of `r` for `y`."""
    n = len(y)
    forward = np.zeros(n)
    x = np.zeros(n)
    forward[0] = 1.0 / r[0]
    x[0] = y[0] / r[0]
    for k in range(1, n):
        error = 0.0
        for i in range(k):
            error += r[k - i] * forward[i]
        scale = 1.0 / (1.0 - error * error)
        f = np.append(forward[:k], 0.0)
        forward[: k + 1] = scale * (f - error * f[::-1])
        backward = forward[: k + 1][::-1]
        miss = y[k] - np.dot(r[k:0:-1], x[:k])
        x[: k + 1] += miss * backward
    return np.sum(x * y)


@case(args=(np.array([2.0, 0.7, 0.3, -0.1]),), second=True)
def levinson_durbin(r):
    order = len(r) - 1
    a = np.zeros(order + 1)
    a[0] = 1.0
    e = r[0]
    for k in range(1, order + 1):
        lam = 0.0
        for j in range(k):
            lam -= a[j] * r[k - j]
        lam /= e
        for n in range((k + 1) // 2 + (1 if k % 2 == 0 else 0)):
            if n > k - n:
                break
            tmp = a[k - n] + lam * a[n]
            a[n] = a[n] + lam * a[k - n]
            a[k - n] = tmp
        e *= 1.0 - lam * lam
    return e + np.sum(a**2)


def tdma(a, b, c, d):
    """Thomas' algorithm; works on copies of what it changes."""
    n = len(d)
    ac, bc, cc, dc = map(np.array, (a, b, c, d))
    for it in range(1, n):
        mc = ac[it - 1] / bc[it - 1]
        bc[it] = bc[it] - mc * cc[it - 1]
        dc[it] = dc[it] - mc * dc[it - 1]
    xc = bc
    xc[-1] = dc[-1] / bc[-1]
    for il in range(n - 2, -1, -1):
        xc[il] = (dc[il] - cc[il] * xc[il + 1]) / bc[il]
    return xc


@case(args=(draw(4), positive(5) + 3.0, draw(4, seed=1), draw(5)))
def thomas_on_copies(a, b, c, d):
    return tdma(a, b, c, d)


def thomas_in_place(lower, diag, upper, rhs):
    n = diag.size
    upper[0] /= diag[0]
    rhs[0] /= diag[0]
    for i in range(1, n):
        denom = diag[i] - lower[i - 1] * upper[i - 1]
        if i < n - 1:
            upper[i] /= denom
        rhs[i] = (rhs[i] - lower[i - 1] * rhs[i - 1]) / denom
    for i in reversed(range(n - 1)):
        rhs[i] -= upper[i] * rhs[i + 1]


@case(args=(draw(5), 0.3, 0.1), second=True)
def implicit_diffusion(u, kappa, dt):
    n = len(u)
    u = u.copy()
    for _ in range(3):
        off = np.full(n - 1, -kappa * dt)
        thomas_in_place(off.copy(), np.full(n, 1.0 + 2.0 * kappa * dt), off, u)
    return np.sum(u**3)


def brent(f, a, b, tol=1e-13, maxiter=100):
    fa, fb = f(a), f(b)
    if fa * fb > 0:
        raise ValueError("no change of sign")
    if abs(fa) < abs(fb):
        a, b, fa, fb = b, a, fb, fa
    c, fc = a, fa
    d = e = b - a
    for _ in range(maxiter):
        if fb * fc > 0:
            c, fc = a, fa
            d = e = b - a
        if abs(fc) < abs(fb):
            a, b, c = b, c, b
            fa, fb, fc = fb, fc, fb
        m = 0.5 * (c - b)
        if abs(m) <= tol or fb == 0.0:
            return b
        if abs(e) < tol or abs(fa) <= abs(fb):
            d = e = m
        else:
            s = fb / fa
            if a == c:
                p, q = 2 * m * s, 1 - s
            else:
                q, r = fa / fc, fb / fc
                p = s * (2 * m * q * (q - r) - (b - a) * (r - 1))
                q = (q - 1) * (r - 1) * (s - 1)
            if p > 0:
                q = -q
            else:
                p = -p
            if 2 * p < min(3 * m * q - abs(tol * q), abs(e * q)):
                e, d = d, p / q
            else:
                d = e = m
        a, fa = b, fb
        b += d if abs(d) > tol else math.copysign(tol, m)
        fb = f(b)
    raise RuntimeError("Brent's method did not converge")


@case(args=(1.3, 0.4), rtol=1e-4)
def brent_root(k, shift):
    return brent(lambda x: math.exp(k * x) - 2.0 - shift * x, 0.0, 2.0, tol=1e-9)


def newton(f, df, x, tol=1e-12, maxiter=50):
    for _ in range(maxiter):
        fx = f(x)
        if abs(fx) < tol:
            return x
        slope = df(x)
        if slope == 0:
            raise ZeroDivisionError("flat")
        x = x - fx / slope
    return x


@case(args=(2.0,), second=True)
def newton_root(a):
    def f(x):
        return x**3 + a * x - 5.0

    return newton(f, srcdiff.grad(f), 0.7)


def implied_price(s, k, r, sigma, t):
    d1 = (np.log(s / k) + (r + sigma**2 / 2) * t) / (sigma * np.sqrt(t))
    d2 = d1 - sigma * np.sqrt(t)
    cdf = lambda x: 0.5 * (1 + math.erf(x / math.sqrt(2)))
    return s * cdf(d1) - k * np.exp(-r * t) * cdf(d2)


@case(args=(10.5, 100.0, 0.02), second=True)
def implied_volatility(price, strike, rate):
    lo, hi = 0.01, 2.0
    sigma = 0.3
    vega = srcdiff.grad(implied_price, wrt="sigma")
    for _ in range(30):
        diff = implied_price(100.0, strike, rate, sigma, 1.0) - price
        if abs(diff) < 1e-10:
            break
        if diff > 0:
            hi = sigma
        else:
            lo = sigma
        step = sigma - diff / vega(100.0, strike, rate, sigma, 1.0)
        sigma = step if lo < step < hi else 0.5 * (lo + hi)
    return sigma


def softmin(*values, gamma=1.0):
    z = [-v / gamma for v in values]
    top = max(z)
    return -gamma * (np.log(sum(np.exp(v - top) for v in z)) + top)


@case(args=(draw(4, 2), draw(5, 2), 0.7), wrt=(0, 1), second=True)
def soft_dtw(x, y, gamma):
    D = np.sum((x[:, None, :] - y[None, :, :]) ** 2, axis=-1)
    n, m = D.shape
    R = np.full((n + 1, m + 1), np.inf)
    R[0, 0] = 0
    for i in range(1, n + 1):
        for j in range(1, m + 1):
            R[i, j] = D[i - 1, j - 1] + softmin(R[i - 1, j], R[i - 1, j - 1], R[i, j - 1], gamma=gamma)
    return R[-1, -1]


@case(args=(draw(5, 3),))
def gram_schmidt_in_place(Q):
    Q = Q.copy()
    for j in range(Q.shape[1]):
        for k in range(j):
            Q[:, j] -= (Q[:, k] @ Q[:, j]) * Q[:, k]
        Q[:, j] /= np.linalg.norm(Q[:, j])
    return Q


@case(args=(draw(4, 3),), second=True)
def modified_gram_schmidt(A):
    n = A.shape[1]
    V = A.copy()
    R = np.zeros((n, n))
    for j in range(n):
        v = V[:, j]
        R[j, j] = np.sqrt(np.sum(v**2))
        v /= R[j, j]
        for k in range(j + 1, n):
            R[j, k] = v @ V[:, k]
            V[:, k] -= R[j, k] * v
    return np.sum(R[0] ** 3) + V[0, 2]


def beam_element(EI, L):
    return (
        EI
        / L**3
        * np.array(
            [
                [12, 6 * L, -12, 6 * L],
                [6 * L, 4 * L**2, -6 * L, 2 * L**2],
                [-12, -6 * L, 12, -6 * L],
                [6 * L, 2 * L**2, -6 * L, 4 * L**2],
            ]
        )
    )


@case(args=(positive(3), 2.5, 0.8), second=True, jit=False, reason="np.ix_ is not in Numba")
def cantilever(stiffness, span, load):
    n = len(stiffness)
    K = np.zeros((2 * (n + 1), 2 * (n + 1)))
    for e in range(n):
        dofs = np.arange(2 * e, 2 * e + 4)
        K[np.ix_(dofs, dofs)] += beam_element(stiffness[e], span / n)
    free = np.arange(2, 2 * (n + 1))
    F = np.zeros(2 * (n + 1))
    F[-2] = -load
    u = np.zeros_like(F)
    u[free] = np.linalg.solve(K[np.ix_(free, free)], F[free])
    return u[-2]


ELEMENTS = [(0, 1), (1, 2), (2, 3), (3, 0), (0, 2)]
NODES = np.array([[0.0, 0.0], [1.0, 0.1], [1.1, 1.0], [0.0, 0.9]])


@case(args=(positive(5), NODES), second=True, jit=False, reason="np.ix_ is not in Numba")
def truss(areas, nodes):
    K = np.zeros((8, 8))
    for area, (i, j) in zip(areas, ELEMENTS):
        d = nodes[j] - nodes[i]
        L = np.linalg.norm(d)
        c, s = d / L
        t = np.array([-c, -s, c, s])
        k = area / L * np.outer(t, t)
        index = [2 * i, 2 * i + 1, 2 * j, 2 * j + 1]
        K[np.ix_(index, index)] += k
    free = [2, 4, 5, 6, 7]
    f = np.array([0.0, 0.3, -1.0, 0.2, 0.1])
    u = np.linalg.solve(K[np.ix_(free, free)], f)
    return f @ u
