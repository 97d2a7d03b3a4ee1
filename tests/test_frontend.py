"""The frontend: what it reads, what each name becomes, and what it refuses with the caret in the right place."""

import importlib.util
import itertools
import linecache
import math
import operator
import os
import pickle
import subprocess
import sys
import textwrap
import types
from dataclasses import fields, is_dataclass
from pathlib import Path

import numpy as np
import pytest

from srcdiff import errors
from srcdiff.frontend import MISSING, Program, problem_at, read
from srcdiff.ir.nodes import (
    Assign,
    Attr,
    Break,
    Call,
    Choice,
    Closure,
    Const,
    Continue,
    Display,
    Effect,
    For,
    If,
    Item,
    Logic,
    Name,
    Object,
    Param,
    Raise,
    Return,
    Slice,
    Span,
    Update,
    While,
)

RATE = 0.5
GRID = np.arange(4.0)
TABLE = np.ones((3, 2))
_numbers = itertools.count()


def program(text, name="f", **names):
    """The function `name` of a text that is registered in linecache, with `np`, `math` and `names` as its globals."""
    text = textwrap.dedent(text).strip("\n") + "\n"
    file = f"<program {next(_numbers)}>"
    linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
    space = {"np": np, "math": math, "__name__": "programs", **names}
    exec(compile(text, file, "exec"), space)
    return space[name]


def body(text, **names):
    """The IR statements of a function of x, y, z with this body."""
    function = program("def f(x, y, z):\n" + textwrap.indent(textwrap.dedent(text).strip("\n"), "    "), **names)
    return read(function).function.body


def expr(text, **names):
    (statement,) = body(f"return {text}", **names)
    return statement.value


def refusal(function):
    with pytest.raises(errors.Refusal) as caught:
        read(function)
    return caught.value


def pointed(problem):
    """The text above the caret."""
    return problem.source_line[problem.column : problem.end_column]


x, y, z = Name("x"), Name("y"), Name("z")


def op(function, *args):
    return Call(Object(function, ""), args)


# --------------------------------------------------------------------------------------------------- expressions


@pytest.mark.parametrize(
    ("text", "function", "spelling"),
    [
        ("x + y", operator.add, "+"),
        ("x - y", operator.sub, "-"),
        ("x * y", operator.mul, "*"),
        ("x / y", operator.truediv, "/"),
        ("x // y", operator.floordiv, "//"),
        ("x % y", operator.mod, "%"),
        ("x ** y", operator.pow, "**"),
        ("x @ y", operator.matmul, "@"),
        ("x & y", operator.and_, "&"),
        ("x | y", operator.or_, "|"),
        ("x ^ y", operator.xor, "^"),
        ("x << y", operator.lshift, "<<"),
        ("x >> y", operator.rshift, ">>"),
        ("x < y", operator.lt, "<"),
        ("x <= y", operator.le, "<="),
        ("x > y", operator.gt, ">"),
        ("x >= y", operator.ge, ">="),
        ("x == y", operator.eq, "=="),
        ("x != y", operator.ne, "!="),
        ("x is y", operator.is_, "is"),
        ("x is not y", operator.is_not, "is not"),
    ],
)
def test_binary_operators(text, function, spelling):
    found = expr(text)
    assert found == op(function, x, y)
    assert found.func.text == spelling


@pytest.mark.parametrize(
    ("text", "function", "spelling"),
    [
        ("-x", operator.neg, "-"),
        ("+x", operator.pos, "+"),
        ("not x", operator.not_, "not"),
        ("~x", operator.invert, "~"),
    ],
)
def test_unary_operators(text, function, spelling):
    found = expr(text)
    assert found == op(function, x)
    assert found.func.text == spelling


def test_membership_takes_the_container_first():
    assert expr("x in y") == op(operator.contains, y, x)
    assert expr("x in y").func.text == "in"
    assert expr("x not in y") == op(operator.not_, op(operator.contains, y, x))


@pytest.mark.parametrize(
    "text", ["1", "1.0", "-1", "-2.5", "True", "None", "...", "'text'", "-0.0", "1e300", "'a' 'b'"]
)
def test_literals(text):
    assert expr(text) == Const(eval(text))


def test_only_a_literal_right_behind_the_minus_is_folded():
    assert expr("-2.5 ** 2") == op(operator.neg, op(operator.pow, Const(2.5), Const(2)))
    assert expr("-True") == op(operator.neg, Const(True))
    assert expr("--1") == op(operator.neg, Const(-1))
    assert expr("x - 1") == op(operator.sub, x, Const(1))


def test_operators_nest_as_python_groups_them():
    inner = op(operator.mul, y, z)
    assert expr("x - y * z") == op(operator.sub, x, inner)
    assert expr("(x - y) * z") == op(operator.mul, op(operator.sub, x, y), z)
    assert expr("x ** y ** z") == op(operator.pow, x, op(operator.pow, y, z))


def test_logic_and_choice():
    assert expr("x and y or z") == Logic("or", (Logic("and", (x, y)), z))
    assert expr("x and y and z") == Logic("and", (x, y, z))
    assert expr("x if y else z") == Choice(y, x, z)


def test_chained_comparison():
    assert expr("x < y <= z") == Logic("and", (op(operator.lt, x, y), op(operator.le, y, z)))
    assert expr("0 < abs(x) < np.max(y)") == Logic(
        "and",
        (
            op(operator.lt, Const(0), op(abs, x)),
            op(operator.lt, op(abs, x), op(np.max, y)),
        ),
    )


def test_subscripts_and_slices():
    assert expr("x[1]") == Item(x, Const(1))
    assert expr("x[-1]") == Item(x, Const(-1))
    assert expr("x[1:]") == Item(x, Slice(Const(1), None, None))
    assert expr("x[:y:-2]") == Item(x, Slice(None, y, Const(-2)))
    assert expr("x[y, ::2, None, ...]") == Item(
        x, Display("tuple", (y, Slice(None, None, Const(2)), Const(None), Const(...)))
    )
    assert expr("x[y][z]") == Item(Item(x, y), z)
    assert expr("x[(y, z)]") == expr("x[y, z]")
    assert expr("x[[0, 2]]") == Item(x, Display("list", (Const(0), Const(2))))


def test_displays():
    assert expr("(x, y)") == expr("x, y") == Display("tuple", (x, y))
    assert expr("[x, [y]]") == Display("list", (x, Display("list", (y,))))
    assert expr("()") == Display("tuple", ())


def test_calls():
    assert expr("np.sum(x, axis=0, keepdims=True)") == Call(
        Object(np.sum, "np.sum"), (x,), (("axis", Const(0)), ("keepdims", Const(True)))
    )
    assert expr("x.sum(0)") == Call(Attr(x, "sum"), (Const(0),))
    assert expr("x.T.shape[0]") == Item(Attr(Attr(x, "T"), "shape"), Const(0))
    assert expr("x(y)(z)") == Call(Call(x, (y,)), (z,))


# --------------------------------------------------------------------------------------------------------- names


def test_static_chains_become_the_object():
    found = expr("np.linalg.norm(x)").func
    assert found.value is np.linalg.norm
    assert found.text == "np.linalg.norm"
    pi = expr("math.pi")
    assert isinstance(pi, Object)
    assert (pi.value, pi.text) == (math.pi, "math.pi")
    assert expr("np.add.reduce").value == np.add.reduce


def test_attributes_of_captured_values_are_not_folded():
    assert expr("GRID.T", GRID=GRID) == Attr(Object(GRID, "GRID"), "T")
    assert expr("box.grid.T", box=types.SimpleNamespace(grid=GRID)).base.name == "grid"
    module = types.ModuleType("settings")
    module.grid = GRID
    found = expr("settings.grid.shape", settings=module)
    assert found == Attr(Object(GRID, ""), "shape")
    assert found.base.text == "settings.grid"


def test_attributes_of_classes():
    class Model:
        scale = 2.0

        @staticmethod
        def step(u):
            return u

        @property
        def size(self):
            raise AssertionError("user code was run")

    class Lazy:
        def __get__(self, instance, owner):
            raise AssertionError("user code was run")

    Model.lazy = Lazy()
    assert expr("Model.scale", Model=Model).value == 2.0
    assert expr("Model.step(x)", Model=Model).func.value is Model.step
    assert isinstance(expr("Model.size", Model=Model).value, property)
    assert expr("Model.lazy", Model=Model) == Attr(Object(Model, ""), "lazy")
    assert pointed(refusal(program("def f(x):\n    return Model.rate * x", Model=Model)).problems[0]) == "Model.rate"


def test_a_metaclass_with_a_say_is_left_for_run_time():
    class Meta(type):
        def __getattr__(cls, name):
            raise AssertionError("user code was run")

    class Model(metaclass=Meta):
        scale = 2.0

    assert expr("Model.other", Model=Model) == Attr(Object(Model, ""), "other")
    assert expr("Model.scale", Model=Model).value == 2.0


def test_python_scoping_decides_what_is_local():
    found = program("def f(x):\n    if x > 0:\n        RATE = x\n    return RATE * SCALE", RATE=1.0, SCALE=2.0)
    scale = Object(found.__globals__["SCALE"], "SCALE")
    assert read(found).function.body[-1].value == op(operator.mul, Name("RATE"), scale)


def test_globals_shadow_builtins_and_cells_shadow_globals():
    assert expr("abs(x)").func.value is abs
    assert expr("abs(x)", abs=np.abs).func.value is np.abs

    def outer():
        RATE = 2.0

        def inner(x):
            return RATE * x

        return inner

    (reference,) = read(outer()).references
    assert (reference.path, reference.scope, reference.value) == ("RATE", "closure", 2.0)


def test_references_in_order_of_first_use():
    function = program(
        """
        def f(x):
            y = np.sin(x) + RATE
            z = helper(np.cos(y), np.sin(y))
            return max(z, RATE)
        """,
        RATE=0.5,
        helper=operator.add,
    )
    found = read(function).references
    assert [(r.path, r.scope) for r in found] == [
        ("np.sin", "global"),
        ("RATE", "global"),
        ("helper", "global"),
        ("np.cos", "global"),
        ("max", "builtin"),
    ]
    assert found[0].value is np.sin


def test_references_follow_rebinding():
    state = types.SimpleNamespace()

    def outer():
        scale = 1.0

        def move(value):
            nonlocal scale
            scale = value

        def inner(x):
            return scale * x

        state.move = move
        return inner

    (reference,) = read(outer()).references
    state.move(3.0)
    assert reference.current() == 3.0

    function = program("def f(x):\n    return abs(RATE * math.pi * x)", RATE=1)
    by_path = {r.path: r for r in read(function).references}
    assert by_path["RATE"].current() == 1
    function.__globals__["RATE"] = 2
    function.__globals__["abs"] = max
    assert by_path["RATE"].current() == 2
    assert by_path["abs"].current() is max
    del function.__globals__["RATE"]
    function.__globals__["math"] = np
    assert by_path["RATE"].current() is MISSING
    assert by_path["math.pi"].current() == np.pi
    function.__globals__["math"] = operator
    assert by_path["math.pi"].current() is MISSING


def test_private_names_in_a_class_body():
    class Model:
        def step(self, __rate):
            __scale = 2.0
            return __scale * __rate + self.__offset

    found = read(Model.step).function
    assert [p.name for p in found.params] == ["self", "_Model__rate"]
    assert found.body[0].target == Name("_Model__scale")
    assert found.body[1].value.args[1] == Attr(Name("self"), "_Model__offset")


# ---------------------------------------------------------------------------------------------------- statements


def test_assignments():
    assert body("x = y") == (Assign(x, y),)
    assert body("x[0] = y") == (Assign(Item(x, Const(0)), y),)
    assert body("x, y = y, x") == (Assign(Display("tuple", (x, y)), Display("tuple", (y, x))),)
    assert body("[x, (y, z)] = w = x")[0].target == Name("value")
    assert body("x, (y, z[0]) = x") == (Assign(Display("tuple", (x, Display("tuple", (y, Item(z, Const(0)))))), x),)
    assert body("a: float = x") == (Assign(Name("a"), x),)
    assert body("a: float\na = x") == (Assign(Name("a"), x),)


def test_several_targets_evaluate_once():
    a, b, value = Name("a"), Name("b"), Name("value")
    total = op(operator.add, x, y)
    assert body("a = b = x + y") == (Assign(a, total), Assign(b, a))
    assert body("a = b = 0.0") == (Assign(a, Const(0.0)), Assign(b, Const(0.0)))
    assert body("a = z[a] = x + y") == (Assign(a, total), Assign(Item(z, a), a))
    assert body("z[a] = a = x + y") == (Assign(value, total), Assign(Item(z, a), value), Assign(a, value))
    assert body("a = (a, b) = z = x + y")[0] == Assign(value, total)
    assert body("value = 1\nz[0] = z[1] = x + y")[1].target == Name("value_1")


def test_updates():
    assert body("x += y") == (Update(x, Object(operator.add, "+"), y),)
    assert body("x[1:] **= y") == (Update(Item(x, Slice(Const(1), None, None)), Object(operator.pow, ""), y),)
    (found,) = body("x @= y")
    assert (found.op.value, found.op.text) == (operator.matmul, "@")


def test_effects_and_what_is_dropped():
    assert body("x.append(y)") == (Effect(Call(Attr(x, "append"), (y,))),)
    assert body("'doc'\n1\n...\npass\nx") == (Effect(x),)


def test_control_flow():
    assert body("if x:\n    return y\nelif y:\n    pass\nelse:\n    return") == (
        If(x, (Return(y),), (If(y, (), (Return(Const(None)),)),)),
    )
    assert body("for i in range(3):\n    if x: break\n    else: continue\nelse:\n    y = x") == (
        For(Name("i"), op(range, Const(3)), (If(x, (Break(),), (Continue(),)),), (Assign(y, x),)),
    )
    assert body("while x < y:\n    x += 1\nelse:\n    y = x")[0] == While(
        op(operator.lt, x, y), (Update(x, Object(operator.add, ""), Const(1)),), (Assign(y, x),)
    )
    assert body("for i, (a, b) in enumerate(x):\n    pass")[0].target == Display(
        "tuple", (Name("i"), Display("tuple", (Name("a"), Name("b"))))
    )


def test_parameters_and_defaults():
    def f(a, b=1.5, /, c=RATE, d=math.inf, *, e, g=None, h=GRID):
        """What it does.

        Further.
        """
        return a

    found = read(f).function
    assert found.params == (
        Param("a"),
        Param("b", Object(f.__defaults__[0], "")),
        Param("c", Object(RATE, "")),
        Param("d", Object(math.inf, "")),
        Param("e", kind="keyword"),
        Param("g", Object(None, ""), kind="keyword"),
        Param("h", Object(GRID, ""), kind="keyword"),
    )
    assert [p.default.text for p in found.params if p.default] == ["1.5", "0.5", "inf", "None", "GRID"]
    assert found.doc == "What it does.\n\nFurther."
    assert found.name == "f"
    f.__defaults__ = (2.5,)
    assert [p.name for p in read(f).function.params if p.default] == ["d", "g", "h"]


# ------------------------------------------------------------------------------------------- positions and texts


def text_at(found, span):
    rows = list(found.lines[span.line - 1 : span.end_line])
    rows[-1] = rows[-1][: span.end_column]
    rows[0] = rows[0][span.column :]
    return "\n".join(rows)


def test_every_expression_and_statement_has_its_place():
    found = read(
        program(
            """
            def f(x, n):
                y = 0.0
                for i in range(n):
                    if 0 < x[i] < 2 and not (i in (1, 2)):
                        y += -x[i] * np.sin(y) if y else x[1:n].sum()
                    elif i:
                        y, n = n, y
                return y
            """
        )
    )

    def check(node):
        if isinstance(node, tuple):
            for part in node:
                check(part)
        if not is_dataclass(node) or isinstance(node, type):
            return
        names = {f.name for f in fields(node)}
        if "at" in names:
            assert isinstance(node.at, Span), node
            if isinstance(node, Name) and not node.id.startswith("middle"):  # of a chain: it has no text of its own
                assert text_at(found, node.at) == node.id
            if isinstance(node, Attr):
                assert text_at(found, node.at).endswith("." + node.name)
        if "origin" in names:
            assert node.origin is not None
            assert node.origin.file == found.file
            assert text_at(found, node.origin.span) == node.origin.text
        for name in names - {"at", "origin", "adjoint_of"}:
            check(getattr(node, name))

    check(found.function)
    loop = found.function.body[1]
    assert loop.origin.text == "for i in range(n):"
    assert loop.body[0].origin.text == "if 0 < x[i] < 2 and not (i in (1, 2)):"
    assert loop.body[0].orelse[0].origin.text == "elif i:"
    assert found.function.origin.text == "def f(x, n):"
    assert found.function.body[0].origin.span == Span(2, 4, 2, 11)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("y = x  # note", "y = x"),
        ("y   =  x", "y = x"),
        ("y = (x +  # one\n     z)  # two", "y = (x + z)"),
        ("y = np.maximum(\n    x,\n    z,\n)", "y = np.maximum(x, z,)"),
        ("y = x + \\\n    z", "y = x + z"),
        ("y = 'a  b'", "y = 'a  b'"),
        ("y = 'a  b'  +  '#'", "y = 'a  b' + '#'"),
        ("y = '''a\n  b'''", "y = '''a\\n      b'''"),
        ("y = x; z = y", "y = x"),
        ("if (x  # note: yes\n    > z):\n    pass", "if (x > z):"),
        ("while x[1:2] :\n    pass", "while x[1:2] :"),
        ("for i in x : pass", "for i in x :"),
        ("if x: y = 1", "if x:"),
        ("y = 'häß' + 'ö' * z", "y = 'häß' + 'ö' * z"),
    ],
)
def test_statement_texts(text, shown):
    assert body(text)[0].origin.text == shown


def test_columns_count_characters():
    (statement,) = body("y = 'äöü' + x")
    assert statement.value.args[1].at == Span(2, 16, 2, 17)


def test_header_of_a_long_signature():
    function = program(
        "def f(\n    x,  # the: state\n    n: int = 3,\n) -> dict[str, int]:  # note: more\n    return x"
    )
    assert read(function).function.origin.text == "def f(x, n: int = 3,) -> dict[str, int]:"
    assert read(program("def f( ) :\n    return 1")).function.origin.text == "def f( ) :"


def test_the_program_knows_its_file():
    found = read(helper)
    assert isinstance(found, Program)
    assert found.file == __file__
    assert found.first_line == helper.__code__.co_firstlineno
    assert "def helper" in found.lines[found.first_line - 1]


def test_later_stages_point_at_an_expression():
    found = read(helper)
    call = found.function.body[0].value
    problem = problem_at(found, call.at, errors.UnsupportedCall, "w", "y", "f")
    assert pointed(problem) == "np.hypot(u, 2.0)"
    assert "^" * 16 in str(problem)
    assert problem_at(found, None, errors.UnsupportedCall, "w", "y", "f").line == found.first_line
    assert problem_at(found, Span(1, 5, 3, 2), errors.UnsupportedCall, "w", "y", "f").end_column > 5


def helper(u):
    return np.hypot(u, 2.0)


# ------------------------------------------------------------------------------------- finding the right function


def plain(f):
    return f


def decorator(*args, **kwargs):
    return plain


@decorator(
    1,
    rate=2,
)
@plain
def decorated(u):
    return u * 3.0


square, cube = lambda u: u * u, lambda u: u * u * u
twins = (lambda u: u + 1, lambda u: u + 1, lambda u: u + 1.0)
nested = lambda u: lambda v: v * 2.0
ternary = [lambda u: (u) if u > 0 else (-u), lambda u: 7]


def test_decorators_are_passed_over():
    found = read(decorated)
    assert found.function.body == (Return(op(operator.mul, Name("u"), Const(3.0))),)
    assert found.function.origin.text == "def decorated(u):"


def test_lambdas_on_one_line_are_told_apart():
    u = Name("u")
    assert read(square).function.body == (Return(op(operator.mul, u, u)),)
    assert read(cube).function.body == (Return(op(operator.mul, op(operator.mul, u, u), u)),)
    columns = [read(twin).function.origin.span.column for twin in twins]
    assert columns == [9, 26, 43]
    assert read(twins[2]).function.body[0].value.args[1] == Const(1.0)
    assert isinstance(read(ternary[0]).function.body[0].value, Choice)
    assert read(ternary[1]).function.body == (Return(Const(7)),)


def test_without_columns_lambdas_on_one_line_are_not_guessed(tmp_path):
    script = tmp_path / "model.py"
    script.write_text(
        textwrap.dedent("""
            from srcdiff.frontend import read
            f, g = lambda x: x, lambda x: 2 * x
            h = lambda x: 3 * x
            def k(x): return x
            print(len(read(h).function.body), len(read(k).function.body))
            try:
                read(f)
            except Exception as error:
                print(error.problems[0].why)
            """)
    )
    command = [sys.executable, "-X", "no_debug_ranges", str(script)]
    root = str(Path(errors.__file__).parents[1])
    env = {**os.environ, "PYTHONPATH": root}
    run = subprocess.run(command, capture_output=True, text=True, check=True, env=env)
    assert run.stdout.startswith("1 1\nseveral lambdas stand on its line")


def test_a_lambda_inside_a_lambda():
    assert read(nested(1.0)).function.body == (Return(op(operator.mul, Name("v"), Const(2.0))),)
    (inner,) = read(nested).function.body
    assert isinstance(inner.value, Closure)
    assert inner.value.function.body == read(nested(1.0)).function.body
    assert inner.value.free == ()


def test_a_lambda_over_several_lines():
    long = program("long = (\n    lambda u, n=2: (  # the body\n        u\n        ** n\n    )\n)", name="long")
    found = read(long).function
    assert found.params == (Param("u"), Param("n", Object(long.__defaults__[0], "")))
    assert found.body[0].origin.text == "u ** n"
    assert found.origin.text == "lambda u, n=2: (u ** n)"


def test_imports_decide_how_a_call_is_compiled():
    text = """
        import math as m, os.path
        from numpy import (  # one
            sin, cos as c,  # two
        )
        try:
            import statistics
        except ImportError:
            pass


        def f(x):
            text = '''
        at the margin
            '''
            return m.sqrt(x) + os.path.sep + sin(x) + c.reduce(x) + statistics.mean(x)
        """
    assert len(read(program(text)).references) == 5
    assert len(read(program(text.replace("try:", "if 1:").replace("except ImportError:", "else:"))).references) == 5


def test_names_of_lambdas():
    single = lambda u: u
    assert read(single).function.name == "single"
    assert read(twins[0]).function.name == "anonymous"


def test_closures_in_lambdas():
    functions = [(lambda u, k=k: u * k * scale) for k, scale in [(1.0, 2.0)]]
    assert read(functions[0]).references[0].path == "scale"


def test_nested_functions_and_methods():
    class Model:
        def step(self, u):
            return self.rate * u

    def inner(u):
        return u * RATE

    assert read(inner).function.name == "inner"
    assert read(Model.step).function.body[0].value.args[0] == Attr(Name("self"), "rate")


def test_two_functions_of_one_name():
    if RATE > 0:

        def chosen(u):
            return u

    else:

        def chosen(u):
            return 2 * u

    assert read(chosen).function.body == (Return(Name("u")),)


def test_future_annotations_and_exotic_line_ends():
    lines = ["from __future__ import annotations", "def f(x: Unknown = 1):", "    y: Other = x", "    return y"]
    text = "\r\n".join(lines) + "\r\n"
    found = read(program(text))
    assert found.function.body[1].origin.text == "return y"
    assert found.lines[2] == "    y: Other = x"


def load(path):
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_file_that_changed(tmp_path):
    path = tmp_path / "model.py"
    path.write_text("def f(x):\n    return 2 * x\n\ng = lambda x: x + 1\n")
    module = load(path)
    path.write_text("# a comment more\n\n\ndef f(x):  # and here\n    return 2 * x\n\n\ng = lambda x: x + 1\n")
    assert read(module.f).function.body[0].origin.span.line == 5
    assert read(module.g).function.name == "g"
    for changed in ("3 * x", "2.0 * x", "2 * y", "x * 2"):
        path.write_text(f"def f(x):\n    return {changed}\n# {'-' * len(changed)}{changed}\ng = lambda x: x - 1\n")
        for function in (module.f, module.g):
            problem = refusal(function).problems[0]
            assert problem.error is errors.SourceUnavailable
            assert "does not match the code that runs" in problem.why
    path.write_text("def f(x:\n")
    assert "not valid Python now (line 1" in refusal(module.f).problems[0].why
    path.unlink()
    assert "cannot be read" in refusal(module.f).problems[0].why


def test_text_registered_under_the_wrong_name():
    function = program("def f(x):\n    return x")
    file = function.__code__.co_filename
    linecache.cache[file] = (0, None, ["def f(x):\n", "    return x + 1\n"], file)
    assert isinstance(refusal(function), errors.SourceUnavailable)


def test_no_text():
    space = {}
    exec("def f(x):\n    return x", space)
    found = refusal(space["f"])
    assert isinstance(found, errors.SourceUnavailable)
    assert "exec" in found.problems[0].why
    assert "import it" in found.problems[0].fix
    exec(compile("def f(x):\n    return x", "<made here>", "exec"), space)
    assert "<made here>" in refusal(space["f"]).problems[0].why


# ------------------------------------------------------------------------------------------------------ refusals

SYNTAX = [
    ("y = {a for a in x}", "{a for a in x}", "a set comprehension"),
    ("async def g(a):\n    return a", "async def g(a):", "an async function"),
    ("class A:\n    b = unknown", "class A:", "the class `A`, defined inside the function"),
    ("class x:\n    pass", "class x:", "a `class` statement that binds `x`, which is bound elsewhere too"),
    ("try:\n    y = x\nexcept* ValueError:\n    pass", "try:", "`try` with `except*`"),
    ("with x as y[0]:\n    pass", "y[0]", "a `with` that assigns an element, an attribute or several names"),
    ("global a\na = x", "global a", "`global`"),
    ("del x[0:1]", "x[0:1]", "`del x[0:1]`"),
    ("del x, y.a", "y.a", "`del y.a`"),
    ("import math as x", "import math as x", "an import that binds the variable `x` anew"),
    ("x[y] += (y := 1)", "x[y] += (y := 1)", "an augmented assignment whose value assigns its target (`:=`)"),
    ("y = {a: (z := a) for a in x}", "{a: (z := a) for a in x}", "an assignment (`:=`) inside a dict comprehension"),
    ("y = {x, 1}", "{x, 1}", "a set"),
    ("yield x", "yield x", "`yield`"),
    ("yield from x", "yield from x", "`yield from`"),
    ("for x[0] in y:\n    pass", "x[0]", "a loop whose variable is the element `x[0]`"),
]


class Pair:
    """A class whose patterns have no positions."""


@pytest.mark.parametrize(("text", "caret", "what"), SYNTAX, ids=[what for _, _, what in SYNTAX])
def test_refused_syntax(text, caret, what):
    found = refusal(program("def f(x, y, z):\n" + textwrap.indent(text, "    ")))
    (problem,) = found.problems
    assert type(found) is problem.error is errors.UnsupportedSyntax
    assert problem.what == what
    assert pointed(problem) == caret
    assert problem.line == 2
    assert len(problem.why) > 30
    assert len(problem.fix) > 20


@pytest.mark.parametrize(
    ("pattern", "what"),
    [
        ("[a, 1] | [1, a]", "a pattern with `|` that captures"),
        ("{'a': y, **r}", "the pattern `**r`"),
        ("Pair(a, b)", "the pattern `Pair(a, b)` with more positions than its class tells"),
    ],
)
def test_refused_patterns(pattern, what):
    function = program(f"def f(x):\n    match x:\n        case {pattern}:\n            pass", Pair=Pair)
    (problem,) = refusal(function).problems
    assert problem.what == what
    assert pointed(problem) == pattern


def test_a_way_out_of_finally():
    function = program("def f(x):\n    try:\n        y = x\n    finally:\n        return 2.0 * x\n    return y")
    (problem,) = refusal(function).problems
    assert problem.what == "a way out of `finally`"
    assert pointed(problem) == "return 2.0 * x"


def test_nonlocal_is_refused():
    def outer():
        total = 0.0

        def f(x):
            nonlocal total
            total = x

        return f

    assert pointed(refusal(outer()).problems[0]) == "nonlocal total"


def test_async_functions_are_refused():
    function = program(
        "async def f(x):\n    async with x as y:\n        async for a in y:\n            await a\n    return x"
    )
    found = refusal(function).problems
    assert [pointed(p) for p in found] == ["async def f(x):", "async with x as y:", "async for a in y:", "await a"]


def test_parameters_that_take_what_is_left_over():
    def f(x, *rest, k=2.0, **options):
        return x

    assert read(f).function.params == (
        Param("x"),
        Param("rest", kind="*"),
        Param("k", Object(f.__kwdefaults__["k"], ""), kind="keyword"),
        Param("options", kind="**"),
    )


@pytest.mark.parametrize(("text", "what"), [("b'a'", "the bytes literal `b'a'`")])
def test_refused_literals(text, what):
    (problem,) = refusal(program(f"def f(x):\n    return x * {text}")).problems
    assert problem.error is errors.UnsupportedType
    assert (pointed(problem), problem.what) == (text, what)


def test_unresolved_names():
    (problem,) = refusal(program("def f(x):\n    return rate * x + rate")).problems
    assert problem.error is errors.UnresolvedName
    assert (problem.column, pointed(problem)) == (11, "rate")
    (problem,) = refusal(program("def f(x):\n    return np.linalg.nrm(x)")).problems
    assert problem.error is errors.UnresolvedName
    assert pointed(problem) == "np.linalg.nrm"
    assert problem.what == "`np.linalg` has no attribute `nrm`"

    def outer():
        def inner(x):
            return later * x

        problem = refusal(inner).problems[0]
        later = 1.0
        return problem

    problem = outer()
    assert problem.error is errors.UnresolvedName
    assert "enclosing function has no value yet" in problem.what


def test_all_problems_in_one_report():
    found = refusal(
        program(
            """
            def f(x):
                with x:
                    y = {"a": nowhere}
                    try:
                        z = {i for i in x}
                    except ValueError:
                        raise
                x.a = b"a"
                return max(*x)
            """
        )
    )
    assert isinstance(found, errors.UnresolvedName)
    assert [pointed(p) for p in found.problems] == [
        "nowhere",
        "{i for i in x}",
        'b"a"',
    ]
    assert "3 problems" in str(found)
    assert isinstance(pickle.loads(pickle.dumps(found)), errors.UnresolvedName)


def test_the_class_is_that_of_the_first_problem():
    assert isinstance(refusal(program("def f(x):\n    x = rate * x\n    del x[0:1]")), errors.UnresolvedName)


def test_a_caret_under_several_lines_ends_with_the_first():
    (problem,) = refusal(program("def f(x):\n    y = {i  # each\n         for i in x}\n    return y")).problems
    assert pointed(problem) == "{i"


def test_the_report_in_full():
    function = program("def f(x):\n    return x + {i for i in x}")
    assert str(refusal(function).problems[0]).splitlines()[:4] == [
        "UnsupportedSyntax [SD102]: a set comprehension",
        f'  File "{function.__code__.co_filename}", line 2',
        "    return x + {i for i in x}",
        "               ^^^^^^^^^^^^^^",
    ]


def test_assert_is_read_as_it_is_written_under_pytest():
    def checked(x):
        assert x > 0
        return x

    (check, _) = read(checked).function.body
    assert check.origin.text == "assert x > 0"
    assert check.body == (Raise(Call(Object(AssertionError, "assert"), ())),)


def test_an_import_that_fails():
    (problem,) = refusal(program("def f(x):\n    from math import sine\n    return sine(x)")).problems
    assert problem.error is errors.UnresolvedName
    assert problem.what == "an import of `sine` that fails"


def test_an_expression_too_deep_to_read():
    function = program("def f(x):\n    return " + "+".join(["x"] * 2000))
    assert refusal(function).problems[0].what == "an expression that nests too deeply to be read"


# -------------------------------------------------------------------------------------------- writes that outlast


@pytest.mark.parametrize(
    ("text", "caret"),
    [
        ("G[0] = x", "G[0]"),
        ("G[0] += x", "G[0]"),
        ("T[0][1] = x", "T[0][1]"),
        ("L.append(x)", "L.append(x)"),
        ("G.fill(0.0)", "G.fill(0.0)"),
        ("y = G\ny[0] = x", "y[0]"),
        ("y = G\ny += x", "y"),
        ("y = G[1:]\ny[0] = x", "y[0]"),
        ("y = T.T[0]\ny *= x", "y"),
        ("y = G.reshape(2, 2)[0]\ny *= x", "y"),
        ("y = np.asarray(G)\ny *= x", "y"),
        ("y = G if x else x.copy()\ny *= x", "y"),
        ("y = x\nif x > 0:\n    y = G\ny[0] = x", "y[0]"),
        ("y = x.copy()\nfor i in range(3):\n    y[0] = i\n    y = G", "y[0]"),
        ("for i in x:\n    y = G\n    if i:\n        break\n    y = x\ny[0] = 1.0", "y[0]"),
        ("for row in T:\n    row[0] = x", "row[0]"),
        ("for i, row in enumerate(T):\n    i += 1\n    row += x", "row"),
        ("for a, row in zip(x, T):\n    row[0] = a", "row[0]"),
        ("y, z = T[0], x\ny[0] = z", "y[0]"),
        ("np.add.at(G, x, 1.0)", "np.add.at(G, x, 1.0)"),
        ("np.copyto(G, x)", "np.copyto(G, x)"),
        ("y = np.sin(x, out=G)", "np.sin(x, out=G)"),
        ("box.grid[0] = x", "box.grid[0]"),
        ("D['a'] = x", "D['a']"),
    ],
)
def test_writes_into_captured_objects(text, caret):
    names = {"G": GRID, "T": TABLE, "L": [1.0], "D": {}, "box": types.SimpleNamespace(grid=GRID)}
    found = refusal(program("def f(x):\n" + textwrap.indent(text, "    "), **names)).problems
    problem = found[-1]
    assert problem.error is errors.UnsupportedMutation
    assert pointed(problem) == caret
    assert "defined outside the function, is written in place" in problem.what


@pytest.mark.parametrize(
    "text",
    [
        "y = G.copy()\ny[0] = x",
        "y = G + x\ny[0] = x",
        "y = G[0]\ny += x",
        "y = T[0, 1]\ny += x",
        "y = T[0][1]\ny += x",
        "y = L[0]\ny += x",
        "y = G[[0, 1]]\ny += x",
        "for v in G:\n    v += x",
        "for i, v in enumerate(G):\n    i += 1\n    v += x",
        "y = G\ny = y * 2\ny[0] = x",
        "y = C\ny += x",
        "y = G.shape[0]\ny += 1",
        "y = box.rate\ny += x",
        "y = np.sum(G)\ny += x",
        "y = np.sin(G)\ny += x",
        "y = P[0]\ny += x",
        "a, b = P\na += x",
        "x[0] = G[0]",
        "x += G",
        "y = []\ny.append(G[0])",
    ],
)
def test_copies_and_numbers_may_be_written(text):
    names = {"G": GRID, "T": TABLE, "L": [1.0], "C": 2.0, "P": (1.0, 2.0), "box": types.SimpleNamespace(rate=1.0)}
    read(program("def f(x):\n" + textwrap.indent(text, "    "), **names))


@pytest.mark.parametrize(
    ("default", "text", "caret"),
    [
        ("np.zeros(3)", "w[0] = x", "w[0]"),
        ("np.zeros(3)", "w += x", "w"),
        ("np.zeros(3)", "y = w[1:]\ny[0] = x", "y[0]"),
        ("[]", "w.append(x)", "w.append(x)"),
        ("[1.0]", "w.sort()", "w.sort()"),
        ("{}", "w['a'] = x", "w['a']"),
    ],
)
def test_writes_into_defaults(default, text, caret):
    for star in ("", "*, "):
        function = program(f"def f(x, {star}w={default}):\n" + textwrap.indent(text, "    "))
        (problem,) = refusal(function).problems
        assert problem.error is errors.UnsupportedMutation
        assert pointed(problem) == caret
        assert problem.what == "the default value of the parameter `w` is written in place"


@pytest.mark.parametrize(
    ("default", "text"),
    [
        ("np.zeros(3)", "w = w.copy()\nw[0] = x"),
        ("None", "w = x.copy()\nw[0] = x"),
        ("0.0", "w += x"),
        ("(1.0, 2.0)", "y = w[0]\ny += x"),
        ("np.zeros(3)", "return w[0] * x"),
    ],
)
def test_defaults_that_stay_as_they_are(default, text):
    read(program(f"def f(x, w={default}):\n" + textwrap.indent(text, "    ")))


# --------------------------------------------------------------------------------------------------------- scale


def test_a_function_of_a_hundred_lines():
    rows = [f"    y{i} = np.sin(x[{i}]) * {i}.5 + (x[{i}] if x[{i}] > 0 else -x[{i}])" for i in range(100)]
    found = read(program("\n".join(["def f(x):", *rows, "    return y99"])))
    assert len(found.function.body) == 101
    assert [reference.path for reference in found.references] == ["np.sin"]
