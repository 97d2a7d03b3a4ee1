"""Programs that people write: filters, solvers, time steppers, likelihoods, pricing."""

import math

import numpy as np

from .registry import case, draw, positive


@case(args=(draw(12).cumsum(), 1.4, 0.6), second=True)
def kalman_local_level(y, obs_var, level_var):
    level = y[0]
    variance = obs_var
    loglik = 0.0
    for t in range(1, len(y)):
        variance = variance + level_var
        error = y[t] - level
        total = variance + obs_var
        loglik -= 0.5 * (math.log(2.0 * math.pi) + math.log(total) + error * error / total)
        gain = variance / total
        level = level + gain * error
        variance = variance * (1.0 - gain)
    return loglik


@case(args=(draw(8), 0.9, 0.3, 0.5), second=True)
def kalman_trend(y, sigma, q_level, q_slope):
    a = np.array([y[0], 0.0])
    P = np.eye(2)
    T = np.array([[1.0, 1.0], [0.0, 1.0]])
    Q = np.array([[q_level, 0.0], [0.0, q_slope]])
    nll = 0.0
    for t in range(len(y)):
        a = T @ a
        P = T @ P @ T.T + Q
        f = P[0, 0] + sigma * sigma
        v = y[t] - a[0]
        K = P[:, 0].copy() / f
        a = a + K * v
        P = P - K.reshape(2, 1) * P[0]
        nll += 0.5 * (math.log(f) + v * v / f)
    return nll


@case(args=(draw(7), 0.2, 4), wrt=(0, 1))
def heat_by_loops(u, alpha, steps):
    for _ in range(steps):
        new = u.copy()
        for i in range(1, len(u) - 1):
            new[i] = u[i] + alpha * (u[i + 1] - 2.0 * u[i] + u[i - 1])
        u = new
    return u


@case(args=(draw(5, 5), 0.1, 3), wrt=(0, 1))
def heat_by_slices(u, alpha, steps):
    for _ in range(steps):
        u[1:-1, 1:-1] = u[1:-1, 1:-1] + alpha * (
            u[2:, 1:-1] + u[:-2, 1:-1] + u[1:-1, 2:] + u[1:-1, :-2] - 4.0 * u[1:-1, 1:-1]
        )
    return np.sum(u * u)


@case(args=(draw(6), draw(6, seed=1), 0.3, 5), wrt=(0, 1, 2))
def wave_equation_with_swap(u, v, c, steps):
    for _ in range(steps):
        for i in range(1, len(u) - 1):
            v[i] = 2.0 * u[i] - v[i] + c * c * (u[i - 1] - 2.0 * u[i] + u[i + 1])
        u, v = v, u
    return u


@case(args=(draw(3, 2), draw(3, 2, seed=1), positive(3), 0.05))
def n_body_step(pos, vel, mass, dt):
    n = pos.shape[0]
    for _ in range(2):
        for i in range(n):
            ax = 0.0
            ay = 0.0
            for j in range(n):
                if i == j:
                    continue
                dx = pos[j, 0] - pos[i, 0]
                dy = pos[j, 1] - pos[i, 1]
                r2 = dx * dx + dy * dy + 0.05
                w = mass[j] / (r2 * math.sqrt(r2))
                ax += w * dx
                ay += w * dy
            vel[i, 0] += dt * ax
            vel[i, 1] += dt * ay
        pos += dt * vel
    return np.sum(pos * pos) + 0.5 * np.sum(mass * np.sum(vel**2, axis=1))


@case(args=(0.1, 0.9))
def kepler_equation(mean_anomaly, eccentricity):
    e = mean_anomaly + eccentricity
    for _ in range(50):
        step = (e - eccentricity * math.sin(e) - mean_anomaly) / (1.0 - eccentricity * math.cos(e))
        e -= step
        if abs(step) < 1e-13:
            break
    return e


def lotka_volterra(state, a, b):
    return np.array([a * state[0] - b * state[0] * state[1], b * state[0] * state[1] - state[1]])


def rk4_step(state, a, b, h):
    k1 = lotka_volterra(state, a, b)
    k2 = lotka_volterra(state + 0.5 * h * k1, a, b)
    k3 = lotka_volterra(state + 0.5 * h * k2, a, b)
    k4 = lotka_volterra(state + h * k3, a, b)
    return state + h * (k1 + 2.0 * k2 + 2.0 * k3 + k4) / 6.0


@case(args=(positive(2), 1.1, 0.4, 0.1, 5), wrt=(0, 1, 2, 3))
def predators_and_prey(state, a, b, h, steps):
    for _ in range(steps):
        state = rk4_step(state, a, b, h)
    return state


@case(args=(draw(5), positive(6) + 3.0, draw(5, seed=1), draw(6)))
def thomas_solver(lower, diagonal, upper, rhs):
    n = len(rhs)
    for i in range(1, n):
        w = lower[i - 1] / diagonal[i - 1]
        diagonal[i] -= w * upper[i - 1]
        rhs[i] -= w * rhs[i - 1]
    x = np.zeros(n)
    x[n - 1] = rhs[n - 1] / diagonal[n - 1]
    for i in range(n - 2, -1, -1):
        x[i] = (rhs[i] - upper[i] * x[i + 1]) / diagonal[i]
    return x


@case(args=(draw(4, 4) * 0.3 + 3.0 * np.eye(4),))
def cholesky_by_loops(A):
    n = A.shape[0]
    L = np.zeros((n, n))
    for i in range(n):
        for j in range(i + 1):
            s = A[i, j]
            for k in range(j):
                s -= L[i, k] * L[j, k]
            if i == j:
                L[i, i] = math.sqrt(s)
            else:
                L[i, j] = s / L[j, j]
    return L


@case(args=(draw(4, 4) * 0.3 + 3.0 * np.eye(4), draw(4)))
def gaussian_elimination(A, b):
    n = len(b)
    for k in range(n):
        for i in range(k + 1, n):
            factor = A[i, k] / A[k, k]
            A[i, k:] -= factor * A[k, k:]
            b[i] -= factor * b[k]
    for i in range(n - 1, -1, -1):
        for j in range(i + 1, n):
            b[i] -= A[i, j] * b[j]
        b[i] /= A[i, i]
    return b


def normal_cdf(x):
    return 0.5 * (1.0 + math.erf(x / math.sqrt(2.0)))


@case(args=(105.0, 100.0, 0.03, 0.25, 0.75), also=((95.0, 100.0, 0.03, 0.4, 2.0),), second=True)
def black_scholes(spot, strike, rate, vol, expiry):
    sd = vol * math.sqrt(expiry)
    d1 = (math.log(spot / strike) + (rate + 0.5 * vol * vol) * expiry) / sd
    d2 = d1 - sd
    return spot * normal_cdf(d1) - strike * math.exp(-rate * expiry) * normal_cdf(d2)


@case(args=(100.0, 95.0, 0.02, 0.3, 1.0, 6), wrt=(0, 1, 2, 3, 4))
def binomial_option(spot, strike, rate, vol, expiry, steps):
    dt = expiry / steps
    up = math.exp(vol * math.sqrt(dt))
    down = 1.0 / up
    p = (math.exp(rate * dt) - down) / (up - down)
    discount = math.exp(-rate * dt)
    value = np.empty(steps + 1)
    for i in range(steps + 1):
        value[i] = max(spot * up**i * down ** (steps - i) - strike, 0.0)
    for k in range(steps, 0, -1):
        for i in range(k):
            value[i] = discount * (p * value[i + 1] + (1.0 - p) * value[i])
    return value[0]


@case(args=(draw(3), 0.2, draw(6, 3), np.array([0, 1, 1, 0, 1, 0])), wrt=(0, 1), second=True)
def logistic_regression(w, b, X, labels):
    loss = 0.0
    for i in range(X.shape[0]):
        z = b
        for j in range(X.shape[1]):
            z += w[j] * X[i, j]
        if labels[i] == 1:
            loss += math.log1p(math.exp(-z))
        else:
            loss += math.log1p(math.exp(z))
    return loss + 0.1 * np.sum(w * w)


@case(args=(draw(7), np.array([0.4, -1.1]), np.array([0.7, 1.2]), np.array([0.3, 0.7])), second=True)
def gaussian_mixture(x, mu, sigma, weight):
    total = 0.0
    for i in range(len(x)):
        density = 0.0
        for k in range(len(mu)):
            z = (x[i] - mu[k]) / sigma[k]
            density += weight[k] * math.exp(-0.5 * z * z) / (sigma[k] * math.sqrt(2.0 * math.pi))
        total += math.log(density)
    return total


@case(args=(draw(9), 0.1, 0.15, 0.7), second=True)
def garch_likelihood(returns, omega, alpha, beta):
    variance = omega / (1.0 - alpha - beta)
    loglik = 0.0
    for r in returns:
        loglik -= 0.5 * (math.log(variance) + r * r / variance)
        variance = omega + alpha * r * r + beta * variance
    return loglik


@case(args=(draw(6), 0.7), second=True)
def horner(c, x):
    acc = 0.0
    for k in range(len(c) - 1, -1, -1):
        acc = acc * x + c[k]
    return acc


@case(args=(0.35, 0.42, 30), also=((-0.5, 0.3, 12), (0.45, 0.5, 30)), wrt=(0, 1))
def mandelbrot_escape(cr, ci, limit):
    zr = 0.0
    zi = 0.0
    for k in range(limit):
        zr, zi = zr * zr - zi * zi + cr, 2.0 * zr * zi + ci
        if zr * zr + zi * zi > 4.0:
            return k + 1.0 - math.log2(math.log(zr * zr + zi * zi))
    return zr * zr + zi * zi


def integrand(x, p):
    return math.exp(-p * x * x) * math.cos(x)


@case(args=(0.1, 1.7, 0.8, 10), wrt=(0, 1, 2), second=True)
def simpson(a, b, p, n):
    h = (b - a) / n
    total = integrand(a, p) + integrand(b, p)
    for i in range(1, n):
        total += (4.0 if i % 2 else 2.0) * integrand(a + i * h, p)
    return total * h / 3.0


@case(args=(positive(6), positive(6, seed=1)))
def trapezoid_of_samples(t, y):
    area = 0.0
    for i in range(len(t) - 1):
        area += 0.5 * (t[i + 1] - t[i]) * (y[i] + y[i + 1])
    return area


@case(args=(draw(4, 5),))
def cheapest_path(cost):
    n, m = cost.shape
    best = np.zeros((n, m))
    best[0, 0] = cost[0, 0]
    for i in range(n):
        for j in range(m):
            if i == 0 and j == 0:
                continue
            if i == 0:
                before = best[i, j - 1]
            elif j == 0:
                before = best[i - 1, j]
            else:
                before = min(best[i - 1, j], best[i, j - 1])
            best[i, j] = before + cost[i, j] ** 2
    return best[n - 1, m - 1]


@case(args=(draw(4), draw(5), 0.7))
def soft_dynamic_time_warping(x, y, gamma):
    n = len(x)
    m = len(y)
    R = np.full((n + 1, m + 1), 1e6)
    R[0, 0] = 0.0
    for i in range(1, n + 1):
        for j in range(1, m + 1):
            a = -R[i - 1, j - 1] / gamma
            b = -R[i - 1, j] / gamma
            c = -R[i, j - 1] / gamma
            top = max(a, b, c)
            soft = -gamma * (math.log(math.exp(a - top) + math.exp(b - top) + math.exp(c - top)) + top)
            R[i, j] = (x[i - 1] - y[j - 1]) ** 2 + soft
    return R[n, m]


@case(args=(draw(4, 3),))
def gram_schmidt(A):
    n, m = A.shape
    for j in range(m):
        for k in range(j):
            proj = 0.0
            for i in range(n):
                proj += A[i, k] * A[i, j]
            for i in range(n):
                A[i, j] -= proj * A[i, k]
        norm = 0.0
        for i in range(n):
            norm += A[i, j] ** 2
        norm = math.sqrt(norm)
        for i in range(n):
            A[i, j] /= norm
    return A


@case(args=(draw(6),))
def prefix_sums(x):
    out = np.empty_like(x)
    total = 0.0
    for i in range(len(x)):
        total += x[i]
        out[i] = total
    return out * out


@case(args=(draw(4, 4), 0.7, 0.2))
def ising_energy(spins, coupling, field):
    n = spins.shape[0]
    energy = 0.0
    for i in range(n):
        for j in range(n):
            s = math.tanh(spins[i, j])
            right = math.tanh(spins[i, (j + 1) % n])
            below = math.tanh(spins[(i + 1) % n, j])
            energy -= coupling * s * (right + below) + field * s
    return energy


@case(args=(draw(3), draw(3, seed=1), 0.1), rtol=1e-4)
def lennard_jones_chain(dx, dy, scale):
    n = len(dx) + 1
    px = np.zeros(n)
    py = np.zeros(n)
    for i in range(1, n):
        px[i] = px[i - 1] + 1.0 + scale * dx[i - 1]
        py[i] = py[i - 1] + scale * dy[i - 1]
    energy = 0.0
    for i in range(n - 1):
        for j in range(i + 1, n):
            r2 = (px[i] - px[j]) ** 2 + (py[i] - py[j]) ** 2
            s6 = 1.0 / r2**3
            energy += 4.0 * (s6 * s6 - s6)
    return energy


@case(args=(np.array([0.6, 0.4]), positive(2, 2), positive(2, 3), np.array([0, 2, 1, 1, 0])), wrt=(0, 1, 2))
def hidden_markov_model(start, transition, emission, observed):
    alpha = start * emission[:, observed[0]]
    loglik = 0.0
    for t in range(1, len(observed)):
        scale = np.sum(alpha)
        loglik += math.log(scale)
        alpha = alpha / scale
        new = np.zeros(2)
        for j in range(2):
            for i in range(2):
                new[j] += alpha[i] * transition[i, j]
            new[j] *= emission[j, observed[t]]
        alpha = new
    return loglik + math.log(np.sum(alpha))


@case(args=(np.array([-1.2, 1.0]), 0.001, 5), wrt=(0, 1))
def gradient_descent_on_rosenbrock(p, rate, steps):
    x = p[0]
    y = p[1]
    for _ in range(steps):
        gx = -2.0 * (1.0 - x) - 400.0 * x * (y - x * x)
        gy = 200.0 * (y - x * x)
        x, y = x - rate * gx, y - rate * gy
    return (1.0 - x) ** 2 + 100.0 * (y - x * x) ** 2


@case(args=(draw(5), draw(4, seed=2), 1.2))
def recurrent_network(x, w, h0):
    h = h0
    y = 0.0
    for t in range(len(x)):
        gate = 1.0 / (1.0 + math.exp(-(w[0] * x[t] + w[1] * h)))
        h = gate * h + (1.0 - gate) * math.tanh(w[2] * x[t] + w[3] * h)
        y += h * h
    return y


@case(args=(draw(6), draw(3, seed=1)))
def convolution(x, k):
    n = len(x) - len(k) + 1
    out = np.zeros(n)
    for i in range(n):
        for j in range(len(k)):
            out[i] += x[i + j] * k[len(k) - 1 - j]
    return out


@case(args=(10.0, 0.3, 1.2, 0.02, 200), also=((10.0, 0.3, 1.2, 0.02, 5),), wrt=(0, 1, 2, 3))
def projectile_with_drag(speed, drag, angle, dt, limit):
    vx = speed * math.cos(angle)
    vy = speed * math.sin(angle)
    x = 0.0
    y = 0.0
    for _ in range(limit):
        v = math.hypot(vx, vy)
        nx = x + dt * vx
        ny = y + dt * vy
        if ny < 0.0:
            part = y / (y - ny)
            return x + part * (nx - x)
        x, y = nx, ny
        vx -= dt * drag * v * vx
        vy -= dt * (9.81 + drag * v * vy)
    return x


@case(args=(np.array([0.5, 1.0, 2.0, 3.5]), positive(4), 1.4))
def natural_interpolation(knots, values, x):
    i = 0
    while i < len(knots) - 2 and x > knots[i + 1]:
        i += 1
    t = (x - knots[i]) / (knots[i + 1] - knots[i])
    s = t * t * (3.0 - 2.0 * t)
    return values[i] * (1.0 - s) + values[i + 1] * s


@case(args=(draw(6), 0.3))
def exponential_smoothing(y, a):
    level = y[0]
    fitted = np.zeros(len(y))
    for t in range(len(y)):
        fitted[t] = level
        level += a * (y[t] - level)
    return np.sum((y - fitted) ** 2)


@case(args=(0.9, 0.02, 3), wrt=(0, 1))
def logistic_growth_implicit(p, dt, steps):
    for _ in range(steps):
        guess = p
        for _ in range(20):
            residual = guess - p - dt * guess * (1.0 - guess / 2.0)
            slope = 1.0 - dt * (1.0 - guess)
            guess = guess - residual / slope
            if abs(residual) < 1e-14:
                break
        p = guess
    return p


@case(args=(draw(5), 2), wrt=0)
def insertion_sort_then_weigh(x, k):
    for i in range(1, len(x)):
        v = x[i]
        j = i - 1
        while j >= 0 and x[j] > v:
            x[j + 1] = x[j]
            j -= 1
        x[j + 1] = v
    s = 0.0
    for i in range(len(x)):
        s += (i + 1) * x[i] ** k
    return s


@case(args=(draw(8),))
def haar_transform(x):
    n = len(x)
    y = x.copy()
    while n > 1:
        half = n // 2
        tmp = y[:n].copy()
        for i in range(half):
            y[i] = (tmp[2 * i] + tmp[2 * i + 1]) / math.sqrt(2.0)
            y[half + i] = (tmp[2 * i] - tmp[2 * i + 1]) / math.sqrt(2.0)
        n = half
    return y


@case(args=(draw(3, 3) + 4.0 * np.eye(3), draw(3), 6), wrt=(0, 1))
def jacobi_iteration(A, b, sweeps):
    n = len(b)
    x = np.zeros(n)
    new = np.zeros(n)
    for _ in range(sweeps):
        for i in range(n):
            s = b[i]
            for j in range(n):
                if j != i:
                    s -= A[i, j] * x[j]
            new[i] = s / A[i, i]
        x, new = new, x
    return x


@case(args=(draw(3, 3) + 4.0 * np.eye(3), draw(3), 4), wrt=(0, 1))
def gauss_seidel(A, b, sweeps):
    x = np.zeros(3)
    for _ in range(sweeps):
        for i in range(3):
            x[i] = (b[i] - A[i, :i] @ x[:i] - A[i, i + 1 :] @ x[i + 1 :]) / A[i, i]
    return np.sum(x * x)


@case(args=(1000.0, 0.05, 80.0, 30), also=((1000.0, 0.05, 80.0, 8),), wrt=(0, 1, 2))
def loan_balance(principal, rate, payment, periods):
    balance = principal
    paid = 0.0
    for k in range(periods):
        interest = balance * rate
        if balance + interest < payment:
            paid += balance + interest
            return paid / (k + 1)
        balance = balance + interest - payment
        paid += payment
    return paid + balance * balance / principal
