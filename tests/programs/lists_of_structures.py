"""Lists of objects and of tuples: appended to, popped, put in order, shared, changed through other names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from .registry import case, positive

X = np.array([0.3, 0.9, -0.4, 1.1, 0.6])
CLASSES = "Numba has no classes of Python"


@dataclass
class Particle:
    x: float
    v: float
    age: int = 0

    def step(self, dt):
        self.v -= dt * self.x
        self.x += dt * self.v
        self.age += 1

    @property
    def energy(self):
        return 0.5 * self.v * self.v + 0.5 * self.x * self.x


class Agent:
    def __init__(self, where, wealth):
        self.where = where
        self.wealth = wealth
        self.active = True

    def trade(self, other, rate):
        moved = rate * (self.wealth - other.wealth)
        self.wealth -= moved
        other.wealth += moved


class Step(NamedTuple):
    t: float
    y: float


@case((positive(4, seed=3), 0.1), jit=False, reason=CLASSES, second=True)
def particles_that_come_and_go(x, dt):
    ps = []
    for v in x:
        ps.append(Particle(v, v * v))
    lost = 0.0
    for k in range(5):
        for p in ps:
            p.step(dt)
        if ps[-1].x > 1.0:
            gone = ps.pop()
            lost += gone.energy * gone.age
        if k % 2 == 0:
            ps.append(Particle(0.1 * ps[0].x, lost))
    return lost + sum(p.energy for p in ps) * ps[0].x


@case((X,), jit=False, reason=CLASSES, second=True)
def agents_that_trade(x):
    agents = [Agent(v, v * v) for v in x]
    for i in range(len(agents)):
        for j in range(i):
            a, b = agents[i], agents[j]
            if a.where > b.where:
                a.trade(b, 0.3 * a.where)
            else:
                b.trade(a, 0.1)
    agents.sort(key=lambda a: a.wealth)
    agents[0].active = False
    agents = [a for a in agents if a.active]
    richest = max(agents, key=lambda a: a.wealth)
    richest.wealth *= 2.0
    return sum(a.wealth * a.where for a in agents) * agents[1].wealth


@case((X,), jit=False, reason=CLASSES, second=True)
def one_object_under_many_names(x):
    ps = []
    p = Particle(x[0], x[1])
    for v in x:
        ps.append(p)
        q = Particle(v, p.x)
        p.x = p.x * v + 1.0
        if v > 0.5:
            p = q
    first, others = ps[0], ps[::-1]
    first.v += ps[1].x
    others[-1].v *= 2.0
    ps[0], ps[-1] = ps[-1], ps[0]
    ps[-1].x += first.v
    return sum(p.x * (k + 1.0) for k, p in enumerate(ps)) * p.x + others[0].v


@case((X,), jit=False, reason=CLASSES)
def best_so_far(x):
    best = Particle(0.0, -10.0)
    seen = []
    for v in x:
        p = Particle(v, np.sin(v))
        seen.append(p)
        if p.v > best.v:
            best = p
    best.x *= 3.0
    return sum(p.x * p.v for p in seen) * best.x


@case((X,), second=True)
def pairs_in_a_list(x):
    path = [(0.0, x[0])]
    for k, v in enumerate(x):
        t, y = path[-1]
        path.append((t + 0.5, y * v + t))
    s = 0.0
    for (t0, y0), (t1, y1) in zip(path, path[1:], strict=False):  # noqa: RUF007
        s += 0.5 * (t1 - t0) * (y0 + y1) ** 2
    top = max(path, key=lambda p: p[1])
    return s * top[1] + sorted(path, key=lambda p: -p[1])[1][1] + path.pop(1)[1] * len(path)


@case((X, 0.3), jit=False, reason="Numba has no named tuples of Python", second=True)
def named_tuples_in_a_list(x, dt):
    steps = []
    y = 1.0
    for k in range(len(x)):
        y = y + dt * x[k] * y
        steps.append(Step(k * dt, y))
    return sum(s.y * s.y * s.t for s in steps) + steps[-1].y * steps[0].y


@case((X,), second=True)
def vectors_in_pairs(x):
    history = []
    h = np.zeros(2)
    for v in x:
        h = np.tanh(h * v + x[:2])
        history.append((v, h))
    loss = 0.0
    for v, h in history:
        loss += v * np.sum(h * h)
    return loss * np.sum(history[-1][1])


@case((X,), second=True)
def a_heap_of_pairs(x):
    work = [(x[0], 0)]
    s = 1.0
    while work:
        v, i = work.pop()
        s = s * v + 1.0
        if i + 1 < len(x):
            work.append((v * x[i + 1], i + 1))
        if 2 * i + 2 < len(x):
            work.append((v + x[i], 2 * i + 2))
    return s


class Vehicle:
    def __init__(self, position):
        self.position = position
        self.trace = []

    def drive(self, dt):
        self.position = self.position + dt * np.sin(self.position)
        self.trace.append(self.position)


@case((X,), jit=False, reason=CLASSES)
def objects_that_hold_lists(x):
    fleet = [Vehicle(v) for v in x]
    for _ in range(3):
        for car in fleet:
            car.drive(0.1)
    return sum(car.trace[0] * car.trace[-1] for car in fleet) + fleet[0].position


class Body:
    def __init__(self, at, mass):
        self.at = at
        self.mass = mass


@case((X, 0.1), jit=False, reason=CLASSES)
def bodies_with_vectors(x, dt):
    bodies = []
    for k in range(3):
        bodies.append(Body(x[k : k + 2] * 1.0, x[k]))
    for _ in range(2):
        for a in bodies:
            pull = np.zeros(2)
            for b in bodies:
                pull = pull + b.mass * (b.at - a.at)
            a.at = a.at + dt * pull
    return sum(np.sum(b.at * b.at) * b.mass for b in bodies)
