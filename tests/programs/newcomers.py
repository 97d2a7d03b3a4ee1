"""Programs as people write them who have just heard of srcdiff, from textbooks of very different fields."""

import functools
import itertools
import math

import numpy as np

from .registry import case, draw, positive

NO_EINSUM = "Numba has no np.einsum"


def predicted(x, P, F, Q):
    x = F @ x
    P = F @ P @ F.T + Q
    return x, P


def updated(x, P, z, H, R):
    y = z - H @ x
    S = H @ P @ H.T + R
    K = P @ H.T @ np.linalg.inv(S)
    x = x + K @ y
    P = (np.eye(len(x)) - K @ H) @ P
    loglik = -0.5 * (y @ np.linalg.solve(S, y) + np.linalg.slogdet(S)[1] + len(y) * np.log(2 * np.pi))
    return x, P, loglik


@case(args=(draw(4, 1), 0.3, 0.5, 0.1), also=((draw(2, 1), 0.2, 0.7, 0.5),))
def kalman_in_matrices(zs, q, r, dt):
    F = np.array([[1, dt], [0, 1]])  # whole numbers in a row of their own
    H = np.array([[1.0, 0.0]])
    Q = q * np.array([[dt**4 / 4, dt**3 / 2], [dt**3 / 2, dt**2]])
    R = np.array([[r]])
    x, P = np.zeros(2), 10.0 * np.eye(2)
    total = 0.0
    for z in zs:
        x, P = predicted(x, P, F, Q)
        x, P, loglik = updated(x, P, z, H, R)
        total += loglik
    return -total


@case(
    args=(draw(3), draw(6, 3), np.array([5.0, 3.0, 8.0, 1.0, 2.0, 7.0]), np.array([1, 0, 1, 1, 1, 0])),
    also=((draw(2), draw(5, 2), np.array([5.0, 3.0, 1.0, 2.0, 4.0]), np.array([1, 0, 1, 1, 1])),),
    wrt=(0, 1),
    second=True,
)
def cox_partial_likelihood(beta, X, time, event):
    order = np.argsort(-time)
    eta = (X @ beta)[order]
    failed = event[order].astype(bool)
    log_risk = np.log(np.cumsum(np.exp(eta)))
    return -np.mean(eta[failed] - log_risk[failed])


@case(
    args=(draw(5, 3), draw(3, 3), [0, 1, 2, 1, 0]),
    also=((draw(3, 2), draw(2, 2), [0, 1, 1]),),
    wrt=(0, 1),
    second=True,
    jit=False,
    reason="Numba has no method `reduce` of functions",
)
def conditional_random_field(emissions, transitions, tags):
    score = emissions[0, tags[0]]
    for i in range(1, len(tags)):
        score += transitions[tags[i - 1], tags[i]] + emissions[i, tags[i]]
    alpha = emissions[0]
    for emit in emissions[1:]:
        scores = alpha.reshape(-1, 1) + transitions + emit
        m = scores.max(axis=0)
        alpha = m + np.log(np.exp(scores - m).sum(axis=0))
    return np.logaddexp.reduce(alpha) - score


@case(args=(draw(4, 2), draw(5, 2, seed=1), 0.5), also=((draw(3, 2), draw(3, 2, seed=1), 0.8),))
def sinkhorn(x, y, eps, max_iter=20, tol=1e-4):
    C = np.sum((x[:, np.newaxis] - y[np.newaxis, :]) ** 2, axis=2)
    a, b = np.full(len(x), 1 / len(x)), np.ones(len(y)) / len(y)
    K = np.exp(-C / eps)
    u, v = np.ones_like(a), np.ones_like(b)
    for _ in range(max_iter):
        before = u.copy()
        u = a / (K @ v)
        v = b / (K.T @ u)
        if np.abs(u - before).max() < tol:
            break
    else:
        u *= 1.0
    P = u[:, None] * K * v
    return (P * C).sum()


# a tree of leaves (by number) and forks (left, right, place of the left one's length)
TREE = (((0, 1, 0), 2, 2), 3, 4)


def substitutions(t, rate):
    same = 0.25 + 0.75 * np.exp(-4.0 / 3.0 * rate * t)
    other = 0.25 - 0.25 * np.exp(-4.0 / 3.0 * rate * t)
    return np.full((4, 4), 1.0) * other + np.eye(4) * (same - other)


def partial_likelihood(node, tips, lengths, rate):
    if isinstance(node, int):
        v = np.zeros(4)
        v[tips[node]] = 1
        return v
    left, right, k = node
    a = substitutions(lengths[k], rate) @ partial_likelihood(left, tips, lengths, rate)
    b = substitutions(lengths[k + 1], rate) @ partial_likelihood(right, tips, lengths, rate)
    return a * b


@case(args=(0.3 * positive(6), 0.8), jit=False, reason="it takes half a minute to compile")
def pruning_of_a_tree(lengths, rate):
    sites = [(0, 0, 1, 2), (3, 3, 3, 3)]
    return sum(np.log(partial_likelihood(TREE, s, lengths, rate).mean()) for s in sites)


@case(args=(draw(8, 2), draw(8), 0.7), also=((draw(6, 1), draw(6), 0.5),))
def robust_regression(X, y, delta):
    X1 = np.c_[np.ones(len(X)), X]
    beta = np.linalg.solve(X1.T @ X1, X1.T @ y)
    for _ in range(2):
        r = y - X1 @ beta
        w = np.ones(len(y))
        big = np.abs(r) > delta
        w[big] = delta / np.abs(r[big])
        weighted = X1 * w[:, None]
        beta = np.linalg.solve(X1.T @ weighted, weighted.T @ y)
    return np.dot(beta, beta)


@case(args=(draw(4, 4), positive(4)), also=((draw(3, 3), positive(3)),))
def stationary_reward(logits, reward):
    P = np.exp(logits)
    P /= P.sum(axis=1)[:, None]
    n = len(P)
    A = np.vstack([P.T - np.eye(n), np.ones(n)])
    b = np.r_[np.zeros(n), 1.0]
    pi = np.linalg.solve(A.T @ A, A.T @ b)
    return pi @ reward - 0.1 * (pi * np.log(pi)).sum()


@case(
    args=(100.0, 0.2, 0.05, draw(12, 3)),
    also=((95.0, 0.3, 0.02, draw(9, 2)),),
    wrt=(0, 1, 2),
    jit=False,
    reason="Numba's cumsum takes no axis",
)
def american_put_by_regression(S0, sigma, r, Z, K=100.0, T=1.0):
    _, m = Z.shape
    dt = T / m
    S = S0 * np.exp(np.cumsum((r - 0.5 * sigma**2) * dt + sigma * np.sqrt(dt) * Z, axis=1))
    cash = np.maximum(K - S[:, -1], 0)
    for t in range(m - 2, -1, -1):
        cash = cash * np.exp(-r * dt)
        itm = S[:, t] < K
        if itm.sum() < 4:
            continue
        X = np.column_stack([np.ones(itm.sum()), S[itm, t] / K, (S[itm, t] / K) ** 2])
        coef = np.linalg.solve(X.T @ X + 1e-2 * np.eye(3), X.T @ cash[itm])
        kept = X @ coef
        paid = K - S[itm, t]
        cash[itm] = np.where(paid > kept, paid, cash[itm])
    return np.exp(-r * dt) * cash.mean()


def rotation(theta):
    c, s = np.cos(theta), np.sin(theta)
    return np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])


def translation(length):
    T = np.eye(3)
    T[0, 2] = length
    return T


@case(args=(draw(3), positive(3), draw(2)), also=((draw(2), positive(2), draw(2)),), second=True)
def arm_of_a_robot(angles, lengths, goal):
    joints = (rotation(a) @ translation(length) for a, length in zip(angles, lengths, strict=True))
    pose = functools.reduce(np.matmul, joints, np.eye(3))
    tip = pose[:2, 2]
    turned = list(itertools.accumulate(angles))
    return np.sum((tip - goal) ** 2) + 0.01 * sum(math.cos(t) ** 2 for t in turned)


@case(args=(positive(8), positive(8, seed=1), 1.1), also=((positive(5), positive(5, seed=1), 0.8),))
def waiting_for_two_servers(inter, service, speed):
    free_at = [0.0, 0.0]
    now = 0.0
    waits = []
    for a, s in zip(inter, service, strict=True):
        now += 0.3 * a
        server = min(range(len(free_at)), key=lambda k: free_at[k])
        start = max(now, free_at[server])
        waits.append(start - now)
        free_at[server] = start + s / speed
    return np.mean(np.array(waits)) + 0.1 * max(waits)


@case(
    args=(4.0 * np.random.default_rng(0).random((5, 3)), 1.0, 0.9, 4.0),
    also=((4.0 * np.random.default_rng(1).random((4, 3)), 0.7, 0.8, 4.0),),
    wrt=(0, 1, 2),
    jit=False,
    reason=NO_EINSUM,
)
def periodic_box(pos, eps, sigma, box):
    i, j = np.triu_indices(len(pos), k=1)
    d = pos[i] - pos[j]
    d -= box * np.round(d / box)
    r2 = np.einsum("ij,ij->i", d, d)
    near = r2 < 3.0
    s6 = (sigma**2 / r2[near]) ** 3
    return np.sum(4 * eps * (s6**2 - s6)) / len(pos)


@case(args=(draw(4, 3), draw(3, 3)), also=((draw(5, 2), draw(2, 2)),))
def best_path(emit, trans):
    T, S = emit.shape
    delta = emit[0].copy()
    back = np.zeros((T, S), dtype=int)
    for t in range(1, T):
        reached = delta[:, None] + trans
        back[t] = np.argmax(reached, axis=0)
        delta = reached[back[t], np.arange(S)] + emit[t]
    path = [int(np.argmax(delta))]
    for t in range(T - 1, 0, -1):
        path.append(int(back[t, path[-1]]))
    path.reverse()
    steps = (trans[path[t], path[t + 1]] + emit[t + 1, path[t + 1]] for t in range(T - 1))
    return emit[0, path[0]] + sum(steps) + 0.5 * delta.max()
