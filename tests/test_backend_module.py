"""Functions as text, and the text as running functions that tools can look into."""

import ast
import inspect
import linecache
import operator
import pickle
import subprocess
import sys
import threading
import traceback
import types
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from srcdiff.backend import Rendered, explain, load, render_module, unload
from srcdiff.backend import module as backend
from srcdiff.ir import nodes as ir

OPERATORS = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Lt: operator.lt,
    ast.USub: operator.neg,
}
KNOWN = {"len": len, "range": range, "abs": abs, "max": max, "np": np, "True": True}


def E(text):
    """An expression written down in Python, as IR."""
    return _expr(ast.parse(text, mode="eval").body)


def _expr(tree):
    match tree:
        case ast.Name(id=name):
            return ir.Object(KNOWN[name], name) if name in KNOWN else ir.Name(name)
        case ast.Constant(value=value):
            return ir.Const(value)
        case ast.UnaryOp(operand=ast.Constant(value=value)):
            return ir.Const(-value)
        case ast.UnaryOp(op=op, operand=operand):
            return ir.Call(ir.Object(OPERATORS[type(op)], ""), (_expr(operand),))
        case ast.BinOp(left=left, op=op, right=right) | ast.Compare(left=left, ops=[op], comparators=[right]):
            return ir.Call(ir.Object(OPERATORS[type(op)], ""), (_expr(left), _expr(right)))
        case ast.Attribute(value=ast.Name(id="np"), attr=name):
            return ir.Object(getattr(np, name), f"np.{name}")
        case ast.Attribute(value=value, attr=name):
            return ir.Attr(_expr(value), name)
        case ast.Call(func=func, args=args):
            return ir.Call(_expr(func), tuple(map(_expr, args)))
        case ast.Subscript(value=value, slice=index):
            return ir.Item(_expr(value), _expr(index))
        case ast.List(elts=items) | ast.Tuple(elts=items):
            return ir.Display("list" if isinstance(tree, ast.List) else "tuple", tuple(map(_expr, items)))
    raise TypeError(ast.dump(tree))


def line(text, number=1):
    return ir.Origin("user.py", ir.Span(number, 0, number, len(text)), text)


def S(text, of=None, number=1):
    """A simple statement as IR; `of` is the statement of which it is the adjoint."""
    tree = ast.parse(text).body[0]
    here = {"adjoint_of": line(of, number)} if of else {}
    match tree:
        case ast.Assign(targets=[target], value=value):
            return ir.Assign(_expr(target), _expr(value), **here)
        case ast.AugAssign(target=target, op=op, value=value):
            return ir.Update(_expr(target), ir.Object(OPERATORS[type(op)], ""), _expr(value), **here)
        case ast.Expr(value=value):
            return ir.Effect(_expr(value), **here)
        case ast.Break():
            return ir.Break(**here)
        case ast.Continue():
            return ir.Continue(**here)
    raise TypeError(text)


def R(text=None):
    return ir.Return(None if text is None else E(text))


def function(*body, params="x", name="f", doc=None):
    return ir.Function(name, tuple(map(ir.Param, params.split())), body, doc)


def body_of(*statements):
    """The lines of the statements as the body of a function, without its indentation."""
    text = render_module([function(*statements)]).text
    return [row.removeprefix("    ") for row in text.split("def f(x):\n")[1].rstrip("\n").split("\n")]


# ----------------------------------------------------------------------------------------- the two target programs


HUBER = '''\
def huber_walk_grad(x, rate, s_bar=1.0):
    """d huber_walk / d (x, rate).  Written by srcdiff from huber_walk.py:6."""
    # forward sweep
    n = len(x)
    s_tape = np.empty(n)
    s = 0.0
    for i in range(n):
        s_tape[i] = s
        r = x[i] - rate * s
        if abs(r) < 1.0:
            s = s + 0.5 * r * r
        else:
            s = s + abs(r) - 0.5

    # reverse sweep
    x_bar = np.zeros_like(x)
    rate_bar = 0.0
    for i in range(n - 1, -1, -1):
        s = s_tape[i]
        r = x[i] - rate * s
        if abs(r) < 1.0:
            r_bar = r * s_bar  # s = s + 0.5 * r * r
        else:
            r_bar = np.sign(r) * s_bar  # s = s + abs(r) - 0.5
        x_bar[i] += r_bar  # r = x[i] - rate * s
        rate_bar -= s * r_bar
        s_bar -= rate * r_bar
    return x_bar, rate_bar
'''

RELAX = '''\
def relax_vjp(u, k, tol, u_bar):
    """relax(u, k, tol) and the pullback of u_bar to (u, k).  Written by srcdiff from relax.py:4."""
    # forward sweep
    u = u.copy()
    u_tape = []  # u[j] before each write
    trips = 0
    while True:
        trips += 1
        err = 0.0
        for j in range(1, len(u) - 1):
            step = k * (u[j - 1] - 2.0 * u[j] + u[j + 1])
            if step < 0.0:
                step = 0.5 * step
            u_tape.append(u[j])
            u[j] = u[j] + step
            err = max(err, abs(step))
        if err < tol:
            break
    result = u.copy()

    # reverse sweep
    u_bar = u_bar.copy()
    k_bar = 0.0
    for _ in range(trips):
        for j in range(len(u) - 2, 0, -1):
            u[j] = u_tape.pop()
            step = k * (u[j - 1] - 2.0 * u[j] + u[j + 1])
            step_bar = u_bar[j]  # u[j] = u[j] + step
            if step < 0.0:
                step_bar = 0.5 * step_bar  # step = 0.5 * step
            # step = k * (u[j - 1] - 2.0 * u[j] + u[j + 1])
            k_bar += (u[j - 1] - 2.0 * u[j] + u[j + 1]) * step_bar
            u_bar[j - 1] += k * step_bar
            u_bar[j] -= 2.0 * k * step_bar
            u_bar[j + 1] += k * step_bar
    return result, u_bar, k_bar
'''


def huber():
    residual = "r = x[i] - rate * s"
    small, large = "s = s + 0.5 * r * r", "s = s + abs(r) - 0.5"
    forward = (
        S("s_tape[i] = s"),
        S(residual),
        ir.If(E("abs(r) < 1.0"), (S(small),), (S(large),)),
    )
    reverse = (
        S("s = s_tape[i]"),
        S(residual),
        ir.If(E("abs(r) < 1.0"), (S("r_bar = r * s_bar", small),), (S("r_bar = np.sign(r) * s_bar", large),)),
        S("x_bar[i] += r_bar", residual),
        S("rate_bar -= s * r_bar", residual),
        S("s_bar -= rate * r_bar", residual),
    )
    body = (
        *(ir.Comment("forward sweep"), S("n = len(x)"), S("s_tape = np.empty(n)"), S("s = 0.0")),
        ir.For(ir.Name("i"), E("range(n)"), forward),
        *(ir.Comment("reverse sweep", blank=True), S("x_bar = np.zeros_like(x)"), S("rate_bar = 0.0")),
        ir.For(ir.Name("i"), E("range(n - 1, -1, -1)"), reverse),
        R("(x_bar, rate_bar)"),
    )
    params = (ir.Param("x"), ir.Param("rate"), ir.Param("s_bar", ir.Object(1.0, "s_bar")))
    doc = "d huber_walk / d (x, rate).  Written by srcdiff from huber_walk.py:6."
    return ir.Function("huber_walk_grad", params, body, doc)


def relax():
    step = "step = k * (u[j - 1] - 2.0 * u[j] + u[j + 1])"
    negative = ir.If(E("step < 0.0"), (S("step = 0.5 * step"),))
    writes = (
        *(S(step), negative, S("u_tape.append(u[j])")),
        *(S("u[j] = u[j] + step"), S("err = max(err, abs(step))")),
    )
    trip = (
        *(S("trips += 1"), S("err = 0.0")),
        ir.For(ir.Name("j"), E("range(1, len(u) - 1)"), writes),
        ir.If(E("err < tol"), (ir.Break(),)),
    )
    back = (
        *(S("u[j] = u_tape.pop()"), S(step), S("step_bar = u_bar[j]", "u[j] = u[j] + step")),
        ir.If(E("step < 0.0"), (S("step_bar = 0.5 * step_bar", "step = 0.5 * step"),)),
        S("k_bar += (u[j - 1] - 2.0 * u[j] + u[j + 1]) * step_bar", step),
        *(S("u_bar[j - 1] += k * step_bar", step), S("u_bar[j] -= 2.0 * k * step_bar", step)),
        S("u_bar[j + 1] += k * step_bar", step),
    )
    body = (
        *(ir.Comment("forward sweep"), S("u = u.copy()"), S("u_tape = []", "u[j] before each write"), S("trips = 0")),
        *(ir.While(ir.Const(True), trip), S("result = u.copy()")),
        *(ir.Comment("reverse sweep", blank=True), S("u_bar = u_bar.copy()"), S("k_bar = 0.0")),
        ir.For(ir.Name("_"), E("range(trips)"), (ir.For(ir.Name("j"), E("range(len(u) - 2, 0, -1)"), back),)),
        R("(result, u_bar, k_bar)"),
    )
    doc = "relax(u, k, tol) and the pullback of u_bar to (u, k).  Written by srcdiff from relax.py:4."
    return function(*body, params="u k tol u_bar", name="relax_vjp", doc=doc)


def test_targets():
    assert render_module([huber()]).text == "import numpy as np\n\n\n" + HUBER
    assert render_module([relax()]).text == RELAX
    assert render_module([huber(), relax()]).text == f"import numpy as np\n\n\n{HUBER}\n\n{RELAX}"


def huber_walk(x, rate):
    s = 0.0
    for value in x:
        r = value - rate * s
        s = s + 0.5 * r * r if abs(r) < 1.0 else s + abs(r) - 0.5
    return s


def test_targets_run():
    made = load(render_module([huber(), relax()]), "targets").functions
    x, h = np.array([0.5, 3.0, -2.0, 0.25]), 1e-6
    x_bar, rate_bar = made["huber_walk_grad"](x, 0.5)
    slopes = [(huber_walk(x + step, 0.5) - huber_walk(x - step, 0.5)) / (2 * h) for step in h * np.eye(4)]
    np.testing.assert_allclose(x_bar, slopes, rtol=1e-7)
    np.testing.assert_allclose(rate_bar, (huber_walk(x, 0.5 + h) - huber_walk(x, 0.5 - h)) / (2 * h), rtol=1e-7)
    result, u_bar, k_bar = made["relax_vjp"](np.array([0.0, 1.0, 0.0]), 0.1, 1e9, np.ones(3))
    np.testing.assert_allclose(result, [0.0, 0.9, 0.0])  # one step, halved as it is negative
    np.testing.assert_allclose(u_bar, [1.05, 0.9, 1.05])
    np.testing.assert_allclose(k_bar, -1.0)


# ------------------------------------------------------------------------------------------------------ statements


def test_simple_statements():
    swap = ir.Assign(E("(a, b)"), E("(b, a)"))
    rows = body_of(
        *(swap, S("x[i] += v"), S("x.append(v)"), ir.Assign(ir.Name("t"), E("(a, b)")), ir.Assign(E("(a,)"), E("x"))),
        *(ir.Break(), ir.Continue(), R(), R("(a,)"), R("(a, b)"), ir.Return(ir.Const(None))),
    )
    assert rows == [
        *("a, b = b, a", "x[i] += v", "x.append(v)", "t = (a, b)", "(a,) = x"),
        *("break", "continue", "return", "return (a,)", "return a, b", "return None"),
    ]


@pytest.mark.parametrize(
    ("op", "sign"), [(operator.matmul, "@="), (operator.floordiv, "//="), (operator.pow, "**="), (operator.or_, "|=")]
)
def test_update(op, sign):
    assert body_of(ir.Update(ir.Name("a"), ir.Object(op, ""), ir.Name("b"))) == [f"a {sign} b"]


def test_compound_statements():
    third = ir.If(E("c"), (), (S("a = 3"),))
    chain = ir.If(E("a"), (S("a = 1"),), (ir.If(E("b"), (S("a = 2"),), (third,)),))
    nested = ir.If(E("a"), (R(),), (third, R()))
    loop = ir.For(E("(i, v)"), E("x"), (ir.While(E("v"), (ir.Break(),), (ir.Continue(),)),), (R(),))
    assert body_of(chain, nested, loop) == [
        *("if a:", "    a = 1", "elif b:", "    a = 2", "elif c:", "    pass", "else:", "    a = 3"),
        *("if a:", "    return", "else:", "    if c:", "        pass", "    else:", "        a = 3", "    return"),
        *("for i, v in x:", "    while v:", "        break", "    else:", "        continue", "else:", "    return"),
    ]


def test_comments():
    alone = ir.If(E("a"), (ir.Comment("nothing to do", blank=True),))
    rows = body_of(ir.Comment("first", blank=True), S("a = 1"), ir.Comment("second", blank=True), alone, ir.Comment(""))
    assert rows == ["# first", "a = 1", "", "# second", "if a:", "    # nothing to do", "    pass", "#"]
    assert all(len(row) <= 84 and row.startswith("# word") for row in body_of(ir.Comment("word " * 40), R())[:-1])


class TestOriginsInComments:
    def test_once_for_each_run_in_a_block(self):
        rows = body_of(
            *(S("a = 1", "first()"), S("b = 1", "first()"), S("a = 2", "second()"), S("b = 2")),
            S("a = 3", "first()"),
        )
        assert rows == ["a = 1  # first()", "b = 1", "a = 2  # second()", "b = 2", "a = 3  # first()"]

    def test_equal_statements_on_different_lines_are_two_groups(self):
        rows = body_of(S("a = 1", "step()", 1), S("a = 2", "step()", 2))
        assert rows == ["a = 1  # step()", "a = 2  # step()"]

    def test_not_on_headers(self):
        group = line("if x:")
        stmt = ir.If(E("x"), (S("a = 1", "if x:"),), adjoint_of=group)
        assert body_of(stmt, S("b = 1", "if x:"), S("c = 1", "if x:")) == [
            *("if x:", "    a = 1  # if x:", "b = 1  # if x:", "c = 1")
        ]

    def test_width(self):
        assert body_of(S("a = 1", "y" * 75)) == [f"a = 1  # {'y' * 75}"]  # 88 columns with the indentation
        assert body_of(S("a = 1", "y" * 76)) == [f"# {'y' * 76}", "a = 1"]
        assert body_of(S("a = 1", "y" * 82)) == [f"# {'y' * 82}", "a = 1"]
        assert body_of(S("a = 1", "y" * 83)) == [f"# {'y' * 79}...", "a = 1"]

    def test_above_a_statement_of_several_lines(self):
        rows = body_of(S(f"a = {' + '.join(['some_long_name'] * 7)}", "short()"))
        assert rows[:2] == ["# short()", "a = ("]

    def test_a_statement_of_several_lines_is_quoted_on_one(self):
        assert body_of(S("a = 1", "f(\n    x\n)")) == ["a = 1  # f( x )"]


# ------------------------------------------------------------------------------------------------ functions, modules


def ruff(text):
    command = [sys.executable, "-m", "ruff", "format", "--isolated", "--stdin-filename", "generated.py", "-"]
    return subprocess.run(command, input=text, capture_output=True, text=True, check=True).stdout


def test_parameters():
    table = {"a": 1}
    params = (
        *(ir.Param("a"), ir.Param("b", ir.Object(0.5, "b")), ir.Param("c", ir.Object(float("inf"), "c"))),
        *(ir.Param("d", ir.Object(None, "d")), ir.Param("e", ir.Object(np.float64, "e"))),
        *(ir.Param("f", ir.Object("s", "f")), ir.Param("g", ir.Object(table, "<default>"))),
    )
    rendered = render_module([ir.Function("h", params, (R(),))])
    head = 'import numpy as np\n\n\ndef h(a, b=0.5, c=np.inf, d=None, e=np.float64, f="s", g=default):\n'
    assert rendered.text == head + "    return\n"
    assert load(rendered, "h").functions["h"].__defaults__[-1] is table


@pytest.mark.parametrize(
    "doc",
    [
        *("One line.", "First.\n\nSecond, with `code`.\n    indented\n", 'It ends in "quotes"', '"Quotes" first'),
        *("a back\\slash \\n", 'three """ quotes', 'six """""" quotes', "\n    First.\n    Second.\n", "é 数"),
    ],
)
def test_docstrings(doc):
    rendered = render_module([function(R(), doc=doc)])
    assert ruff(rendered.text) == rendered.text
    assert inspect.cleandoc(load(rendered, "f").functions["f"].__doc__).strip() == inspect.cleandoc(doc).strip()


def helper(name, module="srcdiff.runtime"):
    made = types.FunctionType((lambda *args: args).__code__, {}, name)
    made.__module__ = module
    return made


class TestImports:
    def test_order(self):
        import math

        add_at, unbroadcast = helper("add_at"), helper("unbroadcast")
        calls = [
            ir.Effect(ir.Call(ir.Object(f, "f"), (ir.Name("x"),))) for f in (unbroadcast, np.sin, math.sin, add_at)
        ]
        text = render_module([function(*calls)]).text
        assert text.split("\n\n\n")[0] == (
            "import math\n\nimport numpy as np\nfrom srcdiff.runtime import add_at, unbroadcast"
        )
        assert text.startswith("import math\n\nimport numpy") and "    unbroadcast(x)\n" in text
        assert sorted(ruff(text)) == sorted(text)

    def test_only_what_is_used(self):
        assert render_module([function(R("x"))]).text == "def f(x):\n    return x\n"

    def test_a_helper_whose_name_is_taken(self):
        call = ir.Call(ir.Object(helper("add_at"), "f"), (ir.Name("add_at"),))
        text = render_module([function(ir.Return(call), params="add_at")]).text
        assert text.startswith("from srcdiff.runtime import add_at as add_at_1\n")
        assert "return add_at_1(add_at)" in text

    def test_many_helpers(self):
        calls = [ir.Effect(ir.Call(ir.Object(helper(f"helper_with_a_long_name_{k}"), "f"), ())) for k in range(5)]
        text = render_module([function(*calls)]).text
        assert text.startswith("from srcdiff.runtime import (\n    helper_with_a_long_name_0,\n")
        assert ruff(text) == text


def test_line_map():
    note = "r = x[i] - rate * s"
    long = f"a = {' + '.join(['some_long_name'] * 7)}"
    first = function(
        S("a = 1"), S("b = a", note), ir.If(E("b"), (S(long, note, 3),), adjoint_of=line("if b:", 2)), R("b")
    )
    rendered = render_module([first, ir.Function("g", (), (S("c = np.sin(1)", note, 4),))])
    rows = rendered.text.split("\n")
    found = {rows[number - 1].strip(): origin.span.line for number, origin in rendered.lines.items()}
    assert found["b = a  # r = x[i] - rate * s"] == 1
    assert found["if b:"] == 2
    assert {found[text] for text in (f"# {note}", "a = (", "+ some_long_name", ")")} == {3}
    assert found[f"c = np.sin(1)  # {note}"] == 4
    assert not {"a = 1", "return b", "def f(x):", "import numpy as np"} & found.keys()


def test_functions_share_names_and_call_each_other():
    rates = np.ones(2), np.zeros(2)
    inner = function(ir.Return(ir.Object(rates[0], "m.rate")), name="inner")
    outer = function(
        ir.Return(
            ir.Display("tuple", (ir.Call(ir.Object(inner, "inner"), (ir.Name("x"),)), ir.Object(rates[1], "rate")))
        )
    )
    rendered = render_module([outer, inner])
    assert "    return inner(x), rate\n" in rendered.text
    assert "    return rate_1\n" in rendered.text
    assert rendered.bindings["rate"] is rates[1]
    assert load(rendered, "f").functions["f"](0)[0] is rates[0]


def test_the_text_does_not_depend_on_the_hash_seed():
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); sys.path.insert(0, sys.argv[2])\n"
        "import test_backend_module as t; from srcdiff.backend import render_module\n"
        "more = t.function(*(t.ir.Effect(t.ir.Object(object(), n)) for n in 'abcabc'), params='a')\n"
        "print(render_module([t.huber(), t.relax(), more]).text)"
    )
    here = Path(__file__).parent
    texts = [
        subprocess.run(
            [sys.executable, "-c", code, str(here), str(here.parent)],
            capture_output=True,
            text=True,
            check=True,
            env={"PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2")
    ]
    assert texts[0] == texts[1]
    assert "a_1\n" in texts[0]


# --------------------------------------------------------------------------------------------------------- loading


@pytest.fixture
def failing():
    """A module whose function fails with a ZeroDivisionError in its second statement."""
    body = (S("y = x + 1"), S("y = y / x", "y = 1 / x", 7), R("y"))
    module = load(render_module([function(*body, name="f_grad")]), "f_grad")
    yield module
    unload(module)


def failure(module):
    with pytest.raises(ZeroDivisionError) as caught:
        module.functions["f_grad"](0)
    return caught.value


class TestLoad:
    def test_source_can_be_seen(self, failing):
        linecache.checkcache()
        made = failing.functions["f_grad"]
        assert inspect.getsource(made) == failing.rendered.text
        assert failing.filename.startswith("<srcdiff f_grad ")
        assert made.__module__ == failing.name
        assert sys.modules[failing.name] is failing.namespace
        assert "y = y / x  # y = 1 / x" in "".join(traceback.format_exception(failure(failing)))

    def test_the_name_is_a_hash_of_the_text(self, failing):
        package, _, name = failing.name.rpartition(".")
        assert package == "srcdiff_generated"
        assert name.startswith("f_grad_") and len(name) == len("f_grad_") + 6

    def test_functions_pickle_within_the_process(self, failing):
        made = failing.functions["f_grad"]
        assert pickle.loads(pickle.dumps(made)) is made

    def test_same_text_and_objects_same_module(self):
        value = np.ones(2)

        def made(value):
            return load(render_module([function(ir.Return(ir.Object(value, "rate")))]), "same")

        first = made(value)
        assert made(value) is first
        other = made(value.copy())
        assert other is not first
        assert other.name != first.name
        assert other.filename != first.filename
        assert first.functions["f"](0) is value
        assert made(value) is first

    def test_texts_whose_short_hashes_agree(self, monkeypatch):
        class Digest:
            def __init__(self, data):
                self.text = "abcdef" + ("00" if b"return 1" in data else "11") + "f" * 56

            def hexdigest(self):
                return self.text

        monkeypatch.setattr(backend.hashlib, "sha256", Digest)
        one, two = (load(render_module([function(R(text))]), "agree") for text in ("1", "2"))
        assert (one.name, two.name) == ("srcdiff_generated.agree_abcdef", "srcdiff_generated.agree_abcdef11")
        assert (one.functions["f"](0), two.functions["f"](0)) == (1, 2)

    def test_unload(self, failing):
        unload(failing)
        unload(failing)
        assert failing.name not in sys.modules
        assert failing.filename not in linecache.cache
        assert failing.functions["f_grad"](1) == 2

    def test_the_number_of_modules_is_bounded(self, monkeypatch):
        monkeypatch.setattr(backend, "_KEPT", 3)
        modules = [load(render_module([function(R(str(k)))]), "bounded") for k in range(5)]
        assert [m.name in sys.modules for m in modules] == [False, False, True, True, True]
        assert load(modules[0].rendered, "bounded") is not modules[0]
        backend._loaded.clear()

    def test_modules_are_found_while_others_are_loaded(self):
        interval, done, found = sys.getswitchinterval(), threading.Event(), []
        modules = [load(render_module([function(R(str(k)))]), "looked_for") for k in range(100)]

        def look():
            while not done.is_set():
                found.append(backend.module_of(modules[-1].filename) is modules[-1])

        sys.setswitchinterval(1e-6)
        try:
            with ThreadPoolExecutor(1) as others:
                looking = others.submit(look)
                for k in range(300):
                    unload(load(render_module([function(R(str(k)))]), "passing"))
                done.set()
                looking.result()
        finally:
            done.set()
            sys.setswitchinterval(interval)
        assert found
        assert all(found)

    def test_text_that_does_not_run_leaves_nothing(self):
        before = set(sys.modules), set(linecache.cache)
        with pytest.raises(NameError):
            load(Rendered("def f(x=missing):\n    pass\n", {}, {}), "broken")
        assert (set(sys.modules) - {"srcdiff_generated"}, set(linecache.cache)) == (
            before[0] - {"srcdiff_generated"},
            before[1],
        )


class TestExplain:
    def test_names_the_user_statement_once(self, failing):
        exc = failure(failing)
        explain(exc, failing)
        explain(exc, failing)
        assert exc.__notes__ == ['in the derivative of f: File "user.py", line 7: y = 1 / x']

    def test_statement_without_origin(self):
        module = load(render_module([function(S("y = 1 / x"), name="g_vjp_1")]), "g_vjp")
        with pytest.raises(ZeroDivisionError) as caught:
            module.functions["g_vjp_1"](0)
        explain(caught.value, module)
        assert caught.value.__notes__ == ["in the derivative of g"]

    def test_the_innermost_frame_counts(self):
        inner = function(S("x = 1 / x", "inner()", 3), name="g_rev")
        outer = function(
            ir.Effect(ir.Call(ir.Object(inner, "g"), (ir.Name("x"),)), adjoint_of=line("outer()")), name="f_grad"
        )
        module = load(render_module([outer, inner]), "f_grad")
        with pytest.raises(ZeroDivisionError) as caught:
            module.functions["f_grad"](0)
        explain(caught.value, module)
        assert caught.value.__notes__ == ['in the derivative of g: File "user.py", line 3: inner()']

    def test_an_exception_from_elsewhere_is_left_alone(self, failing):
        exc = ValueError("never raised")
        explain(exc, failing)
        assert not hasattr(exc, "__notes__")
