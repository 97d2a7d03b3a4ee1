"""Simulators, pricers and networks with their state in objects, as people have them."""

import dataclasses
import datetime as dt
import math
from collections.abc import Callable

import numpy as np

from .registry import case, draw


class Pendulum:
    """A damped pendulum; its parameters are attributes."""

    def __init__(self, mass, length, damping=0.1, g=9.81):
        self.mass = mass
        self.length = length
        self.damping = damping
        self.g = g

    @property
    def inertia(self):
        return self.mass * self.length**2

    def rhs(self, t, state):
        theta, omega = state
        torque = -self.mass * self.g * self.length * np.sin(theta) - self.damping * omega
        return np.array([omega, torque / self.inertia])

    def energy(self, state):
        theta, omega = state
        return 0.5 * self.inertia * omega**2 + self.mass * self.g * self.length * (1 - np.cos(theta))


def rk4(f, y, t, h):
    k1 = f(t, y)
    k2 = f(t + h / 2, y + h / 2 * k1)
    k3 = f(t + h / 2, y + h / 2 * k2)
    k4 = f(t + h, y + h * k3)
    return y + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)


def integrate(f, y0, t0, t1, n):
    h = (t1 - t0) / n
    y = y0
    for k in range(n):
        y = rk4(f, y, t0 + k * h, h)
    return y


@case(args=(np.array([1.0, 0.2]), 1.3, 0.8, 0.15), second=True)
def rk4_pendulum(start, mass, length, damping):
    pendulum = Pendulum(mass, length, damping=damping)
    end = integrate(pendulum.rhs, start, 0.0, 0.5, 10)
    return pendulum.energy(end)


@case(args=(Pendulum(1.3, 0.8), np.array([1.0, 0.2])), second=True)
def rk4_pendulum_given(pendulum, start):
    end = integrate(pendulum.rhs, start, 0.0, 0.3, 4)
    return pendulum.energy(end)


def softplus_step(params, x, state):
    h, c = state
    z = params["W"] @ x + params["U"] @ h + params["b"]
    i, f, g, o = np.split(z, 4)
    i = 1 / (1 + np.exp(-i))
    f = 1 / (1 + np.exp(-f))
    o = 1 / (1 + np.exp(-o))
    c = f * c + i * np.tanh(g)
    h = o * np.tanh(c)
    return h, c


LSTM = {"W": draw(8, 3), "U": draw(8, 2), "b": draw(8)}


@case(args=(LSTM, [draw(3, seed=k) for k in range(4)], draw(2)), second=True)
def lstm(params, inputs, target):
    states = [(np.zeros(2), np.zeros(2))]
    for x in inputs:
        states.append(softplus_step(params, x, states[-1]))
    loss = 0.0
    for h, _ in states[1:]:
        loss += np.sum((h - target) ** 2)
    return loss


@dataclasses.dataclass
class Heston:
    spot: float
    v0: float
    kappa: float
    theta: float
    xi: float
    rho: float
    rate: float = 0.02


@case(
    args=(Heston(100.0, 0.04, 1.5, 0.05, 0.15, -0.6), 102.0, 130.0, np.random.default_rng(3)),
    also=((Heston(100.0, 0.04, 1.5, 0.05, 0.15, -0.6), 102.0, 106.0, np.random.default_rng(4)),),
)
def heston_barrier(model, strike, barrier, rng):
    paths, steps, maturity = 12, 10, 1.0
    dt = maturity / steps
    total = 0.0
    for _ in range(paths):
        s, v = model.spot, model.v0
        alive = True
        for _ in range(steps):
            z1 = rng.standard_normal()
            z2 = model.rho * z1 + math.sqrt(1 - model.rho**2) * rng.standard_normal()
            vp = max(v, 0.0)
            s *= math.exp((model.rate - 0.5 * vp) * dt + math.sqrt(vp * dt) * z1)
            v += model.kappa * (model.theta - vp) * dt + model.xi * math.sqrt(vp * dt) * z2
            if s > barrier:
                alive = False
                break
        if alive:
            total += max(s - strike, 0.0)
    return math.exp(-model.rate * maturity) * total / paths


@dataclasses.dataclass(frozen=True)
class Bond:
    face: float
    coupon: float
    issued: dt.date
    maturity: dt.date
    frequency: int = 2

    def schedule(self):
        months = 12 // self.frequency
        dates, day = [], self.maturity
        while day > self.issued:
            dates.append(day)
            month = day.month - months
            year = day.year
            if month <= 0:
                month += 12
                year -= 1
            day = day.replace(year=year, month=month)
        return dates[::-1]


def year_fraction(start, end):
    return (end - start).days / 365.25


BOND = Bond(100.0, 0.05, dt.date(2020, 3, 15), dt.date(2025, 3, 15))


@case(args=(0.03, 0.002), second=True)
def bond_price(rate, spread):
    today = dt.date(2021, 1, 10)
    price = 0.0
    for day in BOND.schedule():
        if day <= today:
            continue
        t = year_fraction(today, day)
        price += BOND.face * BOND.coupon / BOND.frequency * math.exp(-(rate + spread) * t)
    return price + BOND.face * math.exp(-(rate + spread) * year_fraction(today, BOND.maturity))


@dataclasses.dataclass
class Loan:
    """A bond by its flows: what is paid, and when."""

    flows: list[float]
    dates: list[dt.date]
    settled: dt.date

    @classmethod
    def bullet(cls, face, coupon, settled, dates):
        flows = [face * coupon for _ in dates]
        flows[-1] += face
        return cls(flows, dates, settled)

    @property
    def times(self):
        return [year_fraction(self.settled, day) for day in self.dates]

    def value(self, rate):
        total = 0.0
        for flow, t in zip(self.flows, self.times, strict=True):
            if t > 0:
                total += flow / (1.0 + rate) ** t
        return total

    def duration(self, rate):
        weighted = 0.0
        for flow, t in zip(self.flows, self.times, strict=True):
            if t > 0:
                weighted += t * flow / (1.0 + rate) ** t
        return weighted / self.value(rate)


PAID = [dt.date(2021, 3, 15), dt.date(2022, 3, 15), dt.date(2023, 3, 15)]


@case(args=(Loan([5.0, 5.0, 105.0], PAID, dt.date(2021, 6, 1)), 0.03), second=True)
def bond_duration(loan, rate):
    return loan.duration(rate)


@case(args=(0.05, 0.03, dt.date(2021, 1, 10)), also=((0.05, 0.03, dt.date(2022, 7, 1)),), wrt=(0, 1), second=True)
def bond_by_coupon(coupon, rate, today):
    loan = Loan.bullet(100.0, coupon, today, PAID)
    return loan.value(rate) + 0.01 * loan.duration(rate) ** 2


def relu(x):
    return np.maximum(x, 0.0)


def gelu(x):
    return 0.5 * x * (1.0 + np.tanh(0.797 * (x + 0.0447 * x**3)))


ACTIVATIONS: dict[str, Callable] = {
    "relu": relu,
    "gelu": gelu,
    "tanh": np.tanh,
    "swish": lambda x: x / (1.0 + np.exp(-x)),
}


@case(
    args=(draw(3, 3), draw(3), "gelu"), also=((draw(3, 3), draw(3), "relu"), (draw(3, 3), draw(3), "swish")), wrt=(0, 1)
)
def dispatched(w, x, kind):
    act = ACTIVATIONS[kind]
    return np.sum(act(w @ x) ** 2)


@case(args=(draw(4), ["tanh", "relu", "swish"]), wrt=0)
def dispatched_layers(x, kinds):
    for kind in kinds:
        x = ACTIVATIONS[kind](1.3 * x) + 0.1 * x
    return np.sum(x * x)


def payoff_call(s, k):
    return max(s - k, 0.0)


def payoff_put(s, k):
    return max(k - s, 0.0)


def payoff_digital(s, k):
    return 1.0 / (1.0 + math.exp(-(s - k)))


PAYOFFS = {"call": payoff_call, "put": payoff_put, "digital": payoff_digital}


@case(args=(np.array([95.0, 101.0, 107.0]), 100.0))
def book_value(spots, strike):
    total = 0.0
    for name, weight in (("call", 1.0), ("put", -0.5), ("digital", 10.0)):
        for s in spots:
            total += weight * PAYOFFS[name](s, strike)
    return total
