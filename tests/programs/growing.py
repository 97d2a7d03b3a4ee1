"""Programs whose lists grow."""

import dataclasses

import numpy as np

from .models import softplus_step
from .numerics import softmin
from .registry import case, draw


@case(args=(draw(8, 3), draw(8, 2), draw(8), draw(4, 3)), second=True)
def lstm_over_an_array(W, U, b, inputs):
    params = {"W": W, "U": U, "b": b}
    states = [(np.zeros(2), np.zeros(2))]
    for x in inputs:
        states.append(softplus_step(params, x, states[-1]))
    return sum(np.sum(h**2) for h, c in states[1:])


@dataclasses.dataclass
class Particle:
    x: float
    v: float
    mass: float = 1.0
    age: int = 0


@case(args=(np.array([0.3, -0.2, 0.7]), 0.4, 6), wrt=(0, 1))
def agents(speeds, drag, steps):
    particles = [Particle(0.0, v) for v in speeds]
    collected = 0.0
    for step in range(steps):
        if step % 2 == 0:
            particles.append(Particle(0.1 * step, drag * speeds[0], mass=0.5))
        for p in particles:
            p.v -= 0.1 * (drag * p.v + p.x)
            p.x += 0.1 * p.v
            p.age += 1
        if len(particles) > 4:
            gone = particles.pop(0)
            collected += gone.mass * gone.x**2
    return collected + sum(p.mass * p.v**2 for p in particles)


@case(args=(draw(4), draw(5), 0.7), second=True)
def soft_dtw_over_lists(x, y, gamma):
    table = [[0.0] * (len(y) + 1) for _ in range(len(x) + 1)]
    for i in range(1, len(x) + 1):
        table[i][0] = 1e6
    for j in range(1, len(y) + 1):
        table[0][j] = 1e6
    for i, a in enumerate(x, start=1):
        for j, b in enumerate(y, start=1):
            table[i][j] = (a - b) ** 2 + softmin(table[i - 1][j], table[i - 1][j - 1], table[i][j - 1], gamma=gamma)
    return table[-1][-1]


@case(args=(draw(3, 2), draw(3, 2, seed=4), 0.4), second=True)
def flock(positions, velocities, cohesion):
    birds = list(zip(positions, velocities, strict=True))
    for _ in range(2):
        centre = sum(x for x, _ in birds) / len(birds)
        birds = [(x + 0.1 * v, v + 0.1 * cohesion * (centre - x)) for x, v in birds]
    return sum(np.sum(v**2) for _, v in birds)


# ---------------------------------------------------------------------------- lists inside of what is handed over


@dataclasses.dataclass
class Recorder:
    values: list
    rate: float

    def push(self, value):
        self.values.append(value * self.rate)


@case(args=(Recorder([0.5, 0.7], 1.3), 3), wrt=(0,), second=True)
def list_of_an_object(recorder, n):
    for _ in range(n):
        recorder.push(recorder.values[-1] + recorder.rate)
    total = 0.0
    for v in recorder.values:
        total += v * v
    return total * recorder.rate


@case(args=({"path": [0.5, 0.7], "a": 1.2}, 3), wrt=(0,), second=True)
def list_of_a_dict(state, n):
    for i in range(n):
        state["path"].append(state["path"][i] * state["a"])
    return sum(state["path"]) * state["a"]


@case(args=(([0.5, 0.7], [1.0, 2.0]), 3), wrt=(0,), second=True)
def lists_of_a_tuple(pair, n):
    xs, ys = pair
    for i in range(n):
        xs.append(ys[0] * xs[i])
        ys.pop()
        ys.append(xs[-1])
    return sum(xs) * sum(ys)


@case(args=([[0.5, 0.7], [1.2]], 2), wrt=(0,), second=True)
def row_that_grows(rows, n):
    for i in range(n):
        rows[0].append(rows[1][0] * rows[0][i])
    return sum(rows[0])


def grown(xs, n):
    for k in range(n):
        xs.append(xs[-1] * xs[k])
    xs[0] = xs[0] * xs[1]
    return xs


def among_starred(*args):
    return sum(v * v for v in grown(*args))


@case(args=([0.5, 0.7], 3), wrt=(0,), second=True)
def list_among_starred_arguments(xs, n):
    return among_starred(xs, n) * xs[0]
