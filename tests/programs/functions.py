"""Functions as values: closures, methods, partial and cached functions, derivatives made inside; copies, iteration."""

import copy
import functools
import itertools
import math
import operator

import numpy as np

import srcdiff

from .registry import case, draw, positive

X = np.array([0.7, 1.1, -0.4])


class Spring:
    def __init__(self, stiffness):
        self.stiffness = stiffness

    def force(self, x):
        return self.stiffness * x * x

    def soften(self, x):
        self.stiffness = self.stiffness + x

    @classmethod
    def cubic(cls, x):
        return x**3

    @staticmethod
    def wave(x):
        return np.sin(x)

    def energy(self, y, power=4.0):
        return np.sum((y - self.stiffness) ** power)

    def gradient(self, y):
        return srcdiff.grad(self.energy)(y) + srcdiff.grad(self.cubic)(y[0])


@case(args=(0.7, 1.3), second=True)
def bound_methods_in_a_list(x, k):
    found = []
    for c in (1.0, 2.0, 3.0):
        spring = Spring(c * k)
        found.append(spring.force)
    return found[0](x) + 2.0 * found[1](x) + 4.0 * found[2](x)


@case(args=(0.7, 1.3), second=True)
def bound_method_of_an_old_object(x, k):
    spring = Spring(k)
    f = spring.force
    spring = Spring(k * k)
    return f(x) + 3.0 * spring.force(x)


@case(args=(0.7, 1.3), second=True)
def bound_method_sees_changes(x, k):
    spring = Spring(k)
    f, change = spring.force, spring.soften
    for _ in range(3):
        change(f(x))
    return spring.stiffness


@case(args=(0.7, 1.3), second=True)
def methods_of_the_class(x, k):
    spring = Spring(k)
    functions = [spring.force, spring.cubic, spring.wave, Spring.wave, Spring.cubic]
    return sum(f(x) for f in functions)


@case(args=(0.7, 1.3), second=True)
def bound_methods_in_a_dict(x, k):
    spring = Spring(k)
    table = {"force": spring.force, "cubic": spring.cubic}
    return table["force"](x) * table["cubic"](x)


@case(args=(0.7, 1.3), second=True)
def mapped_method(x, k):
    spring = Spring(k)
    return sum(map(spring.force, [x, 2.0 * x, k]))


def misfit(y, a):
    return np.sum((y - a) ** 4)


@case(args=(X, 1.3), second=True, rtol=1e-4)
def gradient_of_a_module_function(x, a):
    g = srcdiff.grad(misfit, wrt="y")
    return np.sum(g(x, a) * x)


@case(args=(X, 1.3), second=True, rtol=1e-4)
def gradient_of_a_closure(x, a):
    def loss(y):
        return np.sum((y - a) ** 4)

    return np.sum(srcdiff.grad(loss)(x) * x)


@case(args=(X, 1.3), second=True, rtol=1e-4)
def gradient_of_a_lambda(x, a):
    return np.sum(srcdiff.grad(lambda y: np.sum(np.sin(y * a)))(x))


@case(args=(X, 1.3), second=True, rtol=1e-4)
def gradient_of_functions_that_call_each_other(x, a):
    def residual(y):
        return (y - a) ** 2

    def loss(y):
        return np.sum(residual(y) ** 2)

    step = srcdiff.value_and_grad(loss)
    value = 0.0
    for _ in range(3):
        value, slope = step(x)
        x = x - 0.01 * slope
    return np.sum(x) + value


@case(args=(X, 1.3), second=True, rtol=1e-4)
def gradient_reads_variables_late(x, a):
    def loss(y):
        return np.sum((y - a) ** 4)

    g = srcdiff.grad(loss)
    before = np.sum(g(x))
    a = a * a
    return before + np.sum(g(x))


@case(args=(X, 1.3), second=True, rtol=1e-4)
def hessian_vector_product_inside(x, a):
    def loss(y):
        return np.sum((y - a) ** 4)

    return np.sum(srcdiff.hvp(loss)(x, x + 1.0))


@case(args=(X[:2], 1.3), second=True, rtol=1e-4)
def hessian_inside(x, a):
    def loss(y):
        return np.sum((y - a) ** 4) * y[0]

    return np.sum(srcdiff.hessian(loss)(x) ** 2)


@case(args=(X[:2], 1.3), second=True, rtol=1e-4)
def jacobian_inside(x, a):
    return np.sum(srcdiff.jacobian(lambda y: np.sin(y) * np.sum(y) * a)(x) ** 2)


def descend(f, x):
    g = srcdiff.grad(f)
    for _ in range(2):
        x = x - 0.05 * g(x)
    return x


@case(args=(X, 1.3), second=True, rtol=1e-4)
def gradient_in_a_higher_order_helper(x, a):
    return np.sum(descend(lambda y: np.sum((y - a) ** 4), x)) + np.sum(descend(lambda y: np.sum(np.cos(y * a)), x))


@case(args=(X[:2], 1.3), second=True, rtol=1e-4)
def gradient_of_a_gradient_inside(x, a):
    def loss(y):
        return np.sum((y - a) ** 4)

    d = srcdiff.grad(loss)
    return np.sum(srcdiff.grad(lambda y: np.sum(d(y) ** 2))(x))


@case(args=(X, 1.3), second=True, rtol=1e-4)
def gradient_by_a_structure_inside(x, a):
    def loss(p):
        return np.sum(p["w"] ** 2 * a)

    return np.sum(srcdiff.grad(loss)({"w": x, "b": 1.0})["w"] ** 2)


@case(args=(X, 1.3), second=True, rtol=1e-4)
def gradient_of_a_method(x, a):
    return np.sum(Spring(a).gradient(x) ** 2)


@case(args=(X, 1.3), second=True, rtol=1e-4)
def gradients_made_in_a_loop(x, a):
    total = 0.0
    for k in range(3):

        def loss(y):
            return np.sum((y - a * k) ** 4)

        total += np.sum(srcdiff.grad(loss)(x))
    return total


@case(args=(0.7, 1.3), second=True)
def keyword_only_closure(x, k):
    def g(a, *, b, c=2.0):
        return a * b + c * k

    return g(x, b=k) + g(k, b=x, c=x)


@case(args=(0.7, 1.3), second=True)
def curried(x, k):
    make = lambda a: lambda b: a * b * b
    return make(x)(k)


@case(args=(0.7, 1.3), second=True)
def returned_closures(x, k):
    def outer(a):
        def inner(b):
            return a * b + k

        return inner

    return outer(x)(k) * outer(k)(x * x)


@case(args=(0.7, 1.3), second=True)
def partial_functions(x, k):
    f, g = functools.partial(pow, x), functools.partial(lambda a, b: a * b, b=k)
    k = 0.0
    return f(2) + g(x) + k


@functools.lru_cache(maxsize=None)
def squared(x):
    return x * x


@case(args=(0.7, 1.3), second=True, jit=False, reason="Numba has no functools.lru_cache")
def cached_function(x, k):
    return squared(x) * squared(k)


def doubled(f):
    @functools.wraps(f)
    def wrapped(*args, **kwargs):
        return 2.0 * f(*args, **kwargs)

    return wrapped


@doubled
def scaled(x, k=2.0):
    return x * k


@case(args=(0.7, 1.3), second=True)
def decorated_function(x, k):
    return scaled(x) + scaled(x, k=k)


@case(args=(0.7, 1.3), second=True)
def nonlocal_counter(x, k):
    total = x

    def add(v):
        nonlocal total
        total = total * v + 1.0

    add(k)
    add(x)
    return total


# ------------------------------------------------------------------------------------------------ copies, iteration


@case(args=(0.7, 1.3), second=True)
def deep_copy(x, k):
    first = {"x": x, "list": [k, x]}
    second = copy.deepcopy(first)
    second["list"][0] = x * x
    return first["list"][0] * second["list"][0]


@case(args=(0.7, 1.3), second=True)
def shallow_copy(x, k):
    first = Spring(k)
    second = copy.copy(first)
    second.soften(x)
    return first.force(x) * second.force(k)


@case(args=(X,), second=True)
def copied_arrays(x):
    y = copy.copy(x)
    y[0] = y[1] * y[2]
    z = copy.deepcopy(y)
    z *= y
    return np.sum(x * y * z)


@case(args=(0.7, 1.3), second=True)
def getters(x, k):
    pair = operator.itemgetter(1)((x, k))
    return pair * operator.attrgetter("stiffness")(Spring(x)) + sum(map(operator.itemgetter(0), [(x, 1), (k, 2)]))


@case(args=(0.7, 1.3), second=True)
def combinations(x, k):
    pairs = sum(a * b for a, b in itertools.combinations((x, k, x * k), 2))
    return pairs + sum(a - b * a for a, b in itertools.pairwise((x, k, x + 1.0)))


@case(args=(0.7, 1.3), second=True)
def permutations(x, k):
    return sum(a * b**2 for a, b in itertools.permutations((x, k, 2.0), 2))


@case(args=(0.7, 1.3), second=True)
def slices_and_repeats(x, k):
    return sum(itertools.islice((x, k, x * k, 3.0), 1, 3)) + sum(itertools.repeat(x, 3))


@case(args=(0.7, 1.3), second=True)
def accumulated(x, k):
    return sum(itertools.accumulate([x, k, x * k])) + list(itertools.accumulate([x, k, x], operator.mul))[-1]


@case(args=(0.7, 1.3), second=True)
def reduced(x, k):
    return functools.reduce(operator.mul, [x, k, x + k]) + functools.reduce(lambda a, b: a * 0.5 + b, (x, k, x), 1.0)


@case(args=(positive(3), draw(3)), second=True)
def distance_of_arrays(a, b):
    return math.dist(a, b) ** 3


@case(args=(0.7, 1.3), second=True)
def distance_of_points(x, k):
    return math.dist((x, k, 1.0), (k * k, 1.0, x)) + math.hypot(x, k, 1.0)


@case(args=(0.7, 1.3), second=True)
def operators_by_name(x, k):
    return operator.add(operator.mul(x, k), operator.pow(x, 2)) - operator.truediv(x, k) + operator.neg(x)


@case(args=(X,), second=True)
def dict_comprehension(x):
    squares = {i: x[i] ** 2 for i in range(3)}
    return squares[0] * squares[2] + sum(squares.values())


@case(args=(0.7, 1.3), second=True)
def any_and_all(x, k):
    return (x if any(v > 1 for v in (x, k)) else k) * (k if all([x > 0, k > 0]) else x)


# ---------------------------------------------------------------------------------------------- rarer statements


@case(args=(0.7, 1.3), second=True)
def conditions_in_comprehensions(x, k):
    odd = sum(v * n for n, v in ((0, x), (1, k), (3, x * k)) if n != 0)
    return odd + sum([v * v for v in (x, None, k) if v is not None])


@case(args=(0.7, 1.3), second=True)
def conditions_on_a_flag(x, k):
    return sum(v * w for v, w, used in ((x, k, True), (k, k, False), (x, x, True)) if used)


@case(args=(0.7, 1.3), second=True)
def conditions_in_a_nest(x, k):
    return sum(a * b for i, a in (("a", x), ("b", k)) for j, b in (("a", k), ("b", x * x)) if i != j)


@case(args=(0.7, 1.3), second=True)
def first_and_rest(x, k):
    first, *rest = (x, k, x * k)
    return first * sum(rest)


@case(args=(0.7, 1.3), second=True)
def last_of_many(x, k):
    *_, last = [x, k, x * x * k]
    return last * x


class Disc:
    def __init__(self, radius):
        self.radius = radius

    @property
    def area(self):
        return math.pi * self.radius**2

    @area.setter
    def area(self, value):
        self.radius = math.sqrt(value / math.pi)


@case(args=(0.7, 1.3), second=True)
def property_that_is_set(x, k):
    disc = Disc(x)
    disc.area = disc.area * k
    return disc.radius + disc.area


@case(args=(0.7, 1.3), second=True)
def nonlocal_in_a_loop(x, k):
    state = x

    def step(rate):
        nonlocal state
        state = state - rate * state * state

    for j in range(4):
        step(0.1 * k + 0.01 * j)
    return state


@case(args=(0.7, 1.3), second=True)
def nonlocal_from_two_functions(x, k):
    total = 0.0

    def add(v):
        nonlocal total
        total += v * v

    def scale(c):
        nonlocal total
        total *= c

    add(x)
    scale(k)
    add(k * x)
    scale(x)
    return total


@doubled
@doubled
def twice_decorated(x, *, k=1.0):
    return x * x + k


@case(args=(0.7, 1.3), second=True)
def decorated_twice(x, k):
    return twice_decorated(x) * twice_decorated(k, k=x)


@case(args=(0.7, 1.3), second=True)
def deleted_names(x, k):
    y = x * k
    z = y * x
    del y
    y = z * z
    del z
    return y + x


@case(args=(X, 1.3), second=True)
def deleted_in_a_loop(x, k):
    total = 0.0
    for v in x:
        w = v * k
        total += w * w * v
        del w
    return total


@case(args=(0.7, 1.3), second=True)
def imports_a_module(x, k):
    import math as m

    return m.sin(x) * m.exp(k)


@case(args=(0.7, 1.3), second=True)
def imports_names(x, k):
    from math import cos, log

    return cos(x) * log(k + x)
