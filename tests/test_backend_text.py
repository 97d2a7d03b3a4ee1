"""Expressions and long lines as text: what is printed, that it means the same, and that ruff leaves it alone."""

import ast
import math
import operator
import random
import subprocess
import sys
import textwrap

import numpy as np
import pytest

from srcdiff.backend import Names, render
from srcdiff.backend.layout import wrap
from srcdiff.backend.printer import WIDTH, columns
from srcdiff.ir import nodes as ir

a, b, c, d, i, n, x = map(ir.Name, "abcdinx")


def call(func, *args, **kwargs):
    return ir.Call(
        ir.Object(func, getattr(func, "__name__", "f")),
        tuple(map(expr, args)),
        tuple((k, expr(v)) for k, v in kwargs.items()),
    )


def expr(value):
    return value if isinstance(value, ir.Expr) else ir.Const(value)


def lst(*items):
    return ir.Display("list", tuple(map(expr, items)))


def tup(*items):
    return ir.Display("tuple", tuple(map(expr, items)))


def both(op, *values):
    return ir.Logic(op, values)


def at(base, *index):
    return ir.Item(base, expr(index[0]) if len(index) == 1 else tup(*index))


def cut(lower=None, upper=None, step=None):
    return ir.Slice(*(None if v is None else expr(v) for v in (lower, upper, step)))


def plus(left, right):
    return call(operator.add, left, right)


def minus(left, right):
    return call(operator.sub, left, right)


def times(left, right):
    return call(operator.mul, left, right)


def power(left, right):
    return call(operator.pow, left, right)


def neg(value):
    return call(operator.neg, value)


def less(left, right):
    return call(operator.lt, left, right)


def no(value):
    return call(operator.not_, value)


OPERATORS = [
    (minus(a, minus(b, c)), "a - (b - c)"),
    (minus(minus(a, b), c), "a - b - c"),
    (plus(a, plus(b, c)), "a + (b + c)"),  # floating-point addition is not associative
    (times(a, call(operator.truediv, b, c)), "a * (b / c)"),
    (call(operator.truediv, times(a, b), c), "a * b / c"),
    (call(operator.matmul, plus(a, b), c), "(a + b) @ c"),
    (call(operator.floordiv, a, call(operator.mod, b, c)), "a // (b % c)"),
    (power(a, 2), "a**2"),
    (power(neg(a), 2), "(-a) ** 2"),
    (neg(power(a, 2)), "-(a**2)"),
    (times(neg(a), b), "-a * b"),
    (neg(times(a, b)), "-(a * b)"),
    (power(a, power(b, c)), "a**b**c"),
    (power(power(a, b), c), "(a**b) ** c"),
    (power(a, neg(b)), "a**-b"),
    (power(a, neg(power(b, c))), "a ** -(b**c)"),
    (power(call(np.sin, a), 2), "np.sin(a) ** 2"),
    (power(ir.Attr(a, "b"), 0.5), "a.b**0.5"),
    (power(at(a, i), 2), "a[i] ** 2"),
    (power(-2.0, x), "(-2.0) ** x"),
    (power(x, -2), "x**-2"),
    (no(power(a, 2)), "not (a**2)"),
    (minus(x, -1), "x + 1"),
    (plus(x, -1.5), "x - 1.5"),
    (times(x, -1.5), "x * -1.5"),
    (neg(neg(a)), "--a"),
    (call(operator.invert, plus(a, b)), "~(a + b)"),
    (no(less(a, b)), "not a < b"),
    (call(operator.eq, no(a), b), "(not a) == b"),
    (call(operator.contains, a, b), "b in a"),
    (no(call(operator.contains, a, b)), "b not in a"),
    (call(operator.is_, a, None), "a is None"),
    (call(operator.is_not, a, None), "a is not None"),
    (call(operator.abs, a), "abs(a)"),
    (less(less(a, b), c), "(a < b) < c"),
    (both("and", less(a, b), less(b, c)), "a < b < c"),
    (both("and", less(a, b), less(b, c), call(operator.le, c, d), x), "a < b < c <= d and x"),
    (both("and", less(a, b), less(c, d)), "a < b and c < d"),
    (both("or", less(a, b), less(b, c)), "a < b or b < c"),
    (both("and", a, both("or", b, c)), "a and (b or c)"),
    (both("or", a, both("and", b, c)), "a or b and c"),
    (both("or", both("or", a, b), c), "a or b or c"),
    (no(both("or", a, b)), "not (a or b)"),
    (ir.Choice(a, b, ir.Choice(c, d, x)), "b if a else d if c else x"),
    (ir.Choice(a, ir.Choice(c, d, x), b), "(d if c else x) if a else b"),
    (plus(a, ir.Choice(a, b, c)), "a + (b if a else c)"),
    (call(max, ir.Choice(a, b, c), d), "max(b if a else c, d)"),
]
ATOMS = [
    (tup(a, b), "(a, b)"),
    (tup(a), "(a,)"),
    (tup(), "()"),
    (lst(a, b), "[a, b]"),
    (lst(), "[]"),
    (ir.Const(0.1), "0.1"),
    (ir.Const(1e16), "1e16"),
    (ir.Const(1e-5), "1e-05"),
    (ir.Const(-0.0), "-0.0"),
    (ir.Const(-3), "-3"),
    (ir.Const(math.inf), "np.inf"),
    (ir.Const(-math.inf), "-np.inf"),
    (ir.Const(math.nan), "np.nan"),
    (ir.Const(np.float64(0.5)), "0.5"),
    (ir.Const(True), "True"),
    (ir.Const(...), "..."),
    (ir.Const("it's"), '"it\'s"'),
    (ir.Const('say "a"\n'), "'say \"a\"\\n'"),
    (at(x, cut(1, -1)), "x[1:-1]"),
    (at(x, minus(i, 1)), "x[i - 1]"),
    (at(x, cut(plus(i, 1), minus(n, 1))), "x[i + 1 : n - 1]"),
    (at(x, cut(plus(i, 1))), "x[i + 1 :]"),
    (at(x, cut(None, plus(i, 1), 2)), "x[: i + 1 : 2]"),
    (at(x, cut(plus(i, 1), None, 2)), "x[i + 1 :: 2]"),
    (at(x, cut(None, None, -1)), "x[::-1]"),
    (at(x, cut(neg(a), ir.Attr(b, "n"))), "x[-a : b.n]"),
    (at(x, cut(), None, ir.Const(...), i), "x[:, None, ..., i]"),
    (at(x, tup(i)), "x[(i,)]"),
    (at(x, tup()), "x[()]"),
    (at(x, lst(0, 1)), "x[[0, 1]]"),
    (at(plus(a, b), i), "(a + b)[i]"),
    (cut(a, None, None), "slice(a, None, None)"),
    (ir.Attr(plus(a, b), "T"), "(a + b).T"),
    (ir.Attr(ir.Const(1), "real"), "(1).real"),
    (ir.Attr(ir.Attr(x, "T"), "shape"), "x.T.shape"),
    (ir.Call(ir.Attr(x, "sum"), (), (("axis", ir.Const(0)),)), "x.sum(axis=0)"),
]
OBJECTS = [
    (call(np.ndarray.sum, plus(a, b), axis=0), "(a + b).sum(axis=0)"),
    (call(list.append, a, tup(b, c)), "a.append((b, c))"),
    (call(list.pop, a), "a.pop()"),
    (call(np.ndarray.shape, x), "x.shape"),
    (call(np.ndarray.T, call(operator.matmul, a, b)), "(a @ b).T"),
    (call(np.ndarray.dtype, x), "x.dtype"),
    (call(np.linalg.norm, x), "np.linalg.norm(x)"),
    (ir.Call(ir.Object(np.sin, "s"), (x,)), "np.sin(x)"),
    (ir.Call(ir.Object(math.sin, "m.sin"), (x,)), "math.sin(x)"),
    (ir.Object(np.abs, "np.abs"), "np.abs"),
    (ir.Object(np.float64, "f8"), "np.float64"),
    (ir.Object(math.pi, "pi"), "math.pi"),
    (ir.Object(np.pi, "numpy.pi"), "np.pi"),
    (ir.Object(np, "numpy"), "np"),
    (ir.Object(np.linalg, "la"), "np.linalg"),
    (ir.Object(np.ndarray.sum, "np.ndarray.sum"), "np.ndarray.sum"),
    (ir.Object(len, "length"), "len"),
    (ir.Object(None, "nothing"), "None"),
    (ir.Object(0.25, "settings.rate"), "rate"),
    (ir.Object(0.25, "settings['rate']"), "settings_rate"),
    (ir.Object(0.25, "2nd"), "value_2nd"),
    (ir.Object(0.25, "_rate"), "_rate"),
    (ir.Object(0.25, "<default>"), "default"),
]


@pytest.mark.parametrize(("tree", "text"), OPERATORS + ATOMS + OBJECTS, ids=lambda v: v if isinstance(v, str) else "")
def test_expression(tree, text):
    assert render(tree) == text
    ast.parse(text)


def test_what_is_printed_is_what_ruff_prints():
    lines = [render(tree) for tree, _ in OPERATORS + ATOMS + OBJECTS]
    text = "".join(f"v = {line}\n" for line in lines)
    assert ruff(text) == text


class TestNames:
    def test_equal_wishes_are_numbered(self):
        first, second = np.ones(1), np.zeros(1)
        names = Names()
        texts = [render(ir.Object(v, "m.rate"), names) for v in (first, second, first)]
        assert texts == ["rate", "rate_1", "rate"]
        assert names.bindings["rate"] is first
        assert names.bindings["rate_1"] is second

    def test_a_number_read_twice_is_one_name(self):
        names = Names()
        values = (float("0.1"), float("0.1"))
        assert {render(ir.Object(v, "rate"), names) for v in values} == {"rate"}

    def test_local_names_keywords_and_builtins_in_use_are_avoided(self):
        value = object()
        tree = tup(ir.Name("rate"), ir.Object(value, "rate"), ir.Object(value, "m.lambda"), call(len, x))
        assert render(tree) == "(rate, rate_1, rate_1, len(x))"
        assert render(ir.Object(value, "m.lambda")) == "lambda_1"
        assert render(tup(ir.Object(value, "len"), ir.Object(len, "len"))) == "(len_1, len)"

    def test_shadowed_builtins_and_modules_get_another_name(self):
        tree = tup(ir.Name("len"), ir.Name("np"), ir.Name("math"), call(len, x), call(np.sin, x), call(math.sin, x))
        names = Names((tree,))
        assert render(tree, names) == "(len, np, math, len_1(x), np_1.sin(x), math_1.sin(x))"
        assert names.bindings == {"len_1": len}
        assert names.modules == {"numpy": "np_1", "math": "math_1"}

    def test_a_replaced_function_of_numpy_is_not_taken_for_the_old_one(self, monkeypatch):
        old = np.hypot
        assert render(ir.Object(old, "f")) == "np.hypot"
        monkeypatch.setattr(np, "hypot", lambda x: x)
        assert render(ir.Object(old, "f")) == "f"

    def test_a_function_of_the_same_module_goes_by_its_name(self):
        helper = ir.Function("helper_fwd", (ir.Param("x"),), (ir.Return(x),))
        assert render(ir.Call(ir.Object(helper, "helper"), (x,))) == "helper_fwd(x)"


# --------------------------------------------------------------------------------------- the text means the same


def evaluate(node, env):
    """The value of an expression, straight from the IR."""
    match node:
        case ir.Name():
            return env[node.id]
        case ir.Const() | ir.Object():
            return node.value
        case ir.Call():
            args = [evaluate(arg, env) for arg in node.args]
            return node.func.value(*args)
        case ir.Item():
            return evaluate(node.base, env)[evaluate(node.index, env)]
        case ir.Slice():
            return slice(*(None if p is None else evaluate(p, env) for p in (node.lower, node.upper, node.step)))
        case ir.Display():
            return (tuple if node.kind == "tuple" else list)(evaluate(item, env) for item in node.items)
        case ir.Choice():
            return evaluate(node.then if evaluate(node.test, env) else node.other, env)
        case ir.Logic():
            value = None
            for part in node.values:
                value = evaluate(part, env)
                if bool(value) != (node.op == "and"):
                    return value
            return value
    raise TypeError(node)


def positive(value):
    return abs(value) + 0.5


def small(value):
    return math.atan(value)


def random_number(rng, depth):
    """A random expression over numbers; powers are kept small so that nothing overflows."""

    def below():
        return random_number(rng, depth - 1)

    if depth <= 0 or rng.random() < 0.1:
        return rng.choice([a, b, c, d, ir.Const(rng.choice([-2, 3, 0.5, -1.25, 1e-3])), at(x, rng.randrange(4))])
    kind = rng.randrange(12)
    if kind < 4:
        return call(rng.choice([operator.add, operator.sub, operator.mul]), below(), below())
    simple = {
        4: lambda: call(
            rng.choice([operator.truediv, operator.floordiv, operator.mod]), below(), call(positive, below())
        ),
        5: lambda: power(call(positive, call(small, below())), call(small, below())),
        6: lambda: power(call(small, below()), rng.choice([0, 1, 2, 3])),
        7: lambda: neg(below()),
        8: lambda: ir.Choice(random_test(rng, depth - 1), below(), below()),
        9: lambda: call(max, below(), below()),
        10: lambda: call(
            np.ndarray.sum, at(x, cut(rng.choice([None, 1]), rng.choice([None, -1]), rng.choice([None, -1, 2])))
        ),
        11: lambda: at(tup(below(), below()), ir.Choice(random_test(rng, depth - 1), ir.Const(0), ir.Const(1))),
    }
    return simple[kind]()


def random_test(rng, depth):
    kind = rng.randrange(4) if depth > 0 else 0
    if kind == 0:
        left, right = random_number(rng, depth - 1), random_number(rng, depth - 1)
        return call(rng.choice([operator.lt, operator.le, operator.eq, operator.ne]), left, right)
    if kind == 1:
        return no(random_test(rng, depth - 1))
    if kind == 2:
        p, q, r = (random_number(rng, depth - 2) for _ in range(3))
        return both("and", less(p, q), call(operator.ge, q, r), random_test(rng, depth - 2))
    return both(rng.choice(["and", "or"]), random_test(rng, depth - 1), random_test(rng, depth - 1))


@pytest.mark.parametrize("seed", range(300))
def test_text_evaluates_as_the_tree_does(seed):
    rng = random.Random(seed)
    tree = random_number(rng, 5)
    env = {"a": 1.75, "b": -0.5, "c": 3.0, "d": -2, "x": np.array([0.25, -1.5, 2.0, 4.0])}
    names = Names((tree,))
    text = render(tree, names)
    space = {"np": np, "math": math, **names.bindings}
    np.testing.assert_equal(
        eval(compile(ast.parse(text, mode="eval"), "<text>", "eval"), space, dict(env)), evaluate(tree, env)
    )


# --------------------------------------------------------------------------------------------------- long lines


def ruff(text):
    """The text as ruff formats it, with nothing but ruff's defaults."""
    command = [sys.executable, "-m", "ruff", "format", "--isolated", "--stdin-filename", "generated.py", "-"]
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def wrapped(text, indent=0):
    return "\n".join(wrap(text, indent))


LAYOUTS = [
    """
    some_result = np.sqrt(
        first_operand * second_operand, out=third_operand_with_a_rather_long_name
    )
    """,
    """
    some_result = (
        first_operand * second_operand
        + third_operand * fourth_operand
        - np.sin(fifth_operand) * sixth
    )
    """,
    """
    step_bar = coefficient * (
        u[j - 1] - 2.0 * u[j] + u[j + 1] + another_operand_of_the_sum[j, j + 1]
    )
    """,
    """
    some_array_bar[j, j + 1] += (
        first_operand_of_the_product * second_operand_of_the_product_is_long
    )
    """,
    """
    some_array_bar[j] = some_function_with_a_long_name(
        first_operand_of_the_call, second_operand
    )
    """,
    """
    return (
        first_result_of_the_function,
        second_result_of_the_function,
        third_result_of_the_function,
    )
    """,
    """
    if (
        first_operand_of_the_test < second_operand_of_the_test
        and third_operand_of_the_test is not None
    ):
    """,
    """
    some_result = (
        the_value_if_the_test_holds * factor
        if the_test_that_is_made < some_limit
        else the_other_value
    )
    """,
    """
    def function_with_a_long_name_grad(
        first_parameter, second_parameter=1.0, third_parameter=None
    ):
    """,
    """
    def function_with_a_long_name_grad(
        first_parameter,
        second_parameter=1.0,
        third_parameter=None,
        fourth_parameter_of_them=np.inf,
    ):
    """,
    """
    some_tape.append(
        (the_first_value_on_the_tape, the_second_value_on_the_tape, the_third_value)
    )
    """,
    """
    the_first_target, the_second_target = (
        the_first_value_of_the_two,
        the_second_value_of_the_two,
    )
    """,
]


@pytest.mark.parametrize("lines", LAYOUTS)
def test_layout(lines):
    expected = textwrap.dedent(lines).strip()
    whole = ast.unparse(ast.parse(expected + "\n    pass" * expected.endswith(":")))
    assert wrapped(whole.split("\n")[0]) == expected


def test_columns_counts_wide_characters_twice():
    assert columns("abc") == 3
    assert columns("µ") == 1
    assert columns("数") == 2


def test_names_that_are_not_ascii():
    text = "résultat = " + " + ".join(["première_valeur * µ"] * 5)
    assert ruff(wrapped(text) + "\n") == wrapped(text) + "\n"
    assert all(columns(line) <= WIDTH for line in wrap(text, 0))


def test_a_statement_that_fits_is_left_alone():
    text = "x" * (WIDTH - 4)
    assert wrap(text, 4) == ["    " + text]


WORDS = "x y u_bar rate step_1 some_longer_name coefficient_table k a_rather_long_identifier i".split()
FUNCTIONS = [ir.Object(f, f.__name__) for f in (np.sin, np.where, np.linalg.norm, max, range, positive, np.zeros_like)]
ARITHMETIC = [operator.add, operator.sub, operator.mul, operator.truediv, operator.matmul, operator.pow, operator.mod]
METHODS = [np.ndarray.sum, np.ndarray.copy, np.ndarray.reshape]


def random_tree(rng, depth):
    """Any expression at all; it need not make sense."""

    def some(least, most):
        return tuple(random_tree(rng, depth - 1) for _ in range(rng.randint(least, most)))

    if depth <= 0 or rng.random() < 0.12:
        return rng.choice([*map(ir.Name, WORDS), ir.Const(rng.randrange(20)), ir.Const(-rng.random())])
    kinds = {
        "operation": lambda: ir.Call(ir.Object(rng.choice(ARITHMETIC), ""), some(2, 2)),
        "sum": lambda: ir.Call(ir.Object(rng.choice([operator.add, operator.sub]), ""), some(2, 2)),
        "sign": lambda: ir.Call(ir.Object(rng.choice([operator.neg, operator.not_, operator.invert]), ""), some(1, 1)),
        "call": lambda: ir.Call(rng.choice(FUNCTIONS), some(0, 4)),
        "keyword": lambda: ir.Call(rng.choice(FUNCTIONS), some(0, 2), (("axis", random_tree(rng, depth - 2)),)),
        "method": lambda: ir.Call(ir.Object(rng.choice(METHODS), ""), some(1, 3)),
        "attribute": lambda: ir.Attr(random_tree(rng, depth - 1), rng.choice(["T", "shape", "size"])),
        "item": lambda: ir.Item(*some(1, 1), random_index(rng, depth - 1)),
        "compare": lambda: ir.Call(
            ir.Object(rng.choice([operator.lt, operator.eq, operator.contains]), ""), some(2, 2)
        ),
        "logic": lambda: ir.Logic(rng.choice(["and", "or"]), some(2, 3)),
        "choice": lambda: ir.Choice(*some(3, 3)),
        "display": lambda: ir.Display(rng.choice(["tuple", "list"]), some(0, 3)),
    }
    return kinds[rng.choice([*kinds, "operation", "sum", "sum", "call", "item"])]()


def random_index(rng, depth):
    def one():
        if rng.random() < 0.6:
            return random_tree(rng, depth)
        return ir.Slice(*(rng.choice([None, random_tree(rng, depth - 1)]) for _ in range(3)))

    return rng.choice([one, lambda: ir.Display("tuple", (one(), one()))])()


def random_statement(rng):
    depth = rng.choice([2, 3, 3, 4, 5])
    value, second = render(random_tree(rng, depth)), render(random_tree(rng, depth - 1))
    name = rng.choice(WORDS)
    item = f"{name}[{render(random_tree(rng, rng.choice([0, 0, 1, 2])))}]"
    forms = [
        *(f"{name} = {value}", f"{item} = {value}", f"{name} += {value}", f"{item} -= {value}"),
        *(f"{name}, {item} = {value}, {second}", f"{name}.append({value})", f"print({value}, {second})"),
        *(f"return {value}", f"return {value}, {second}", f"return {value}, {second}, {name}"),
        *(f"if {value}:", f"elif {value}:", f"while {value}:", f"for i, row in {value}:", f"for _ in {value}:"),
    ]
    return rng.choice(forms)


def block(statement, indent, number):
    """The statement in a function of its own, at this indentation."""
    rows = [f"def function_{number}():", *(" " * k + "while q:" for k in range(4, indent, 4))]
    if statement.startswith("elif"):
        rows += [" " * indent + "if q:", " " * indent + "    pass"]
    return rows, [" " * indent + "    pass"] * statement.endswith(":")


def test_long_lines_are_broken_as_ruff_breaks_them():
    rng = random.Random(1971)
    given: list[str] = []
    ours: list[str] = []
    while len(ours) < 800:
        statement, indent = random_statement(rng), rng.choice([4, 4, 8, 12, 16])
        if not WIDTH - indent < len(statement) < 800:
            continue
        head, tail = block(statement, indent, len(ours))
        given.append("\n".join([*head, " " * indent + statement, *tail]))
        ours.append("\n".join([*head, *wrap(statement, indent), *tail]))
    once = "\n\n\n".join(ours) + "\n"
    # From the flat text ruff must come to the same lines; and of the lines it must leave every one.
    wrong = [
        (x, y)
        for x, y in zip(ours, ruff("\n\n\n".join(given) + "\n").rstrip("\n").split("\n\n\n"), strict=True)
        if x != y
    ]
    assert not wrong, "\n\n".join(f"{x}\nbut ruff:\n{y}" for x, y in sorted(wrong, key=lambda p: len(p[0]))[:2])
    assert ruff(once) == once
    for before, after in zip(given, ours, strict=True):
        assert ast.dump(ast.parse(before)) == ast.dump(ast.parse(after))


def test_signatures_are_broken_as_ruff_breaks_them():
    rng = random.Random(1871)
    defaults = ["1.0", "-2", "None", "np.inf", '"both"']
    given: list[str] = []
    ours: list[str] = []
    while len(ours) < 150:
        names = ["p" * rng.randrange(1, 30) + str(k) for k in range(rng.choice([1, 1, 2, 3, 5, 8]))]
        first = rng.randrange(len(names) + 1)
        params = [p if k < first else f"{p}={rng.choice(defaults)}" for k, p in enumerate(names)]
        text = f"def {'f' * rng.randrange(1, 60)}({', '.join(params)}):"
        if len(text) > WIDTH:
            given.append(f"{text}\n    pass\n")
            ours.append(wrapped(text) + "\n    pass\n")
    assert ruff("\n\n".join(given)) == "\n\n".join(ours)
