"""A statement that is too long for its line -> the lines that `ruff format` breaks it into.

In: the statement (or the header of a compound one) on one line, and its indentation. Out: lines. The method is that of
ruff: the syntax tree becomes a document of text, possible line breaks and groups of them (`_Builder`), of which the
outermost groups that do not fit are broken (`Printer`). Only what the backend writes is covered.
"""

from __future__ import annotations

import ast
from collections.abc import Callable

from srcdiff.backend.printer import (
    SOFT,
    WIDTH,
    Best,
    Doc,
    Group,
    IfBroken,
    Indent,
    Line,
    MayBreak,
    Parens,
    Printer,
    columns,
)


def wrap(text: str, indent: int) -> list[str]:
    """The lines of a statement or header, indented."""
    if indent + columns(text) <= WIDTH:
        return [" " * indent + text]
    return Printer().lines(_Builder(text).statement(), indent)


# ------------------------------------------------------------------------------------------- trees -> documents
# Where an expression stands decides whether its line breaks are any: outside all parentheses there are none, inside
# brackets they are ordinary ones, and within optional parentheses they are there if the parentheses are.

_BARE, _INSIDE = -1, 0  # a positive number is the group of the optional parentheses

_LOOSENESS = (  # the operators, from the one that binds most tightly to the one where a line is broken first
    "Attribute|Pow|Invert|Mult Div FloorDiv Mod MatMult|Add Sub|LShift RShift|BitAnd|BitXor|BitOr"
    "|Lt LtE Gt GtE Eq NotEq Is IsNot In NotIn|And Or|IfExp"
)
_RANK = {getattr(ast, name): 1 + i for i, names in enumerate(_LOOSENESS.split("|")) for name in names.split()}
_Binary = ast.BinOp | ast.BoolOp | ast.Compare
_Chain = ast.Attribute | ast.Call | ast.Subscript


def _terms(node: _Binary) -> tuple[list[ast.expr], list[int]]:
    """The operands, and how loosely each operator between them binds."""
    match node:
        case ast.BinOp():
            return [node.left, node.right], [_RANK[type(node.op)]]
        case ast.BoolOp():
            return node.values, [_RANK[type(node.op)]] * (len(node.values) - 1)
        case ast.Compare():
            return [node.left, *node.comparators], [_RANK[type(op)] for op in node.ops]


def _base(node: _Chain) -> ast.expr:
    return node.func if isinstance(node, ast.Call) else node.value


def _line(level: int, text: str) -> Doc:
    """A line break, or this text where there is none: a space or nothing."""
    if level == _BARE:
        return text
    return Line(bool(text)) if level == _INSIDE else IfBroken(Line(bool(text)), text, level)


def _group(level: int, doc: Doc) -> Doc:
    return doc if level == _BARE else Group(doc, only=level)


def _bracketed(level: int, left: str, doc: Doc, right: str) -> Doc:
    inside = Group([Indent([SOFT, doc]), SOFT])
    return [left, MayBreak(inside, level) if level > 0 else inside, right]


def _if_needed(doc: Doc) -> Doc:
    """In parentheses if it is broken."""
    return Group([IfBroken("("), Indent([SOFT, doc]), SOFT, IfBroken(")")])


def _listed(docs: list[Doc], several: int = 2) -> Doc:
    """Items with commas between them, and behind the last one too where each of several has its own line."""
    rows: list[Doc] = []
    for doc in docs:
        rows += [",", Line(True), doc] if rows else [doc]
    return [*rows, IfBroken(",") if len(docs) >= several else ""]


class _Builder:
    def __init__(self, text: str) -> None:
        header = text.endswith(":")
        self.prefix = "el" if text.startswith("elif ") else ""
        self.source = text.removeprefix(self.prefix).encode()  # positions in a syntax tree count bytes
        self.tree = ast.parse(self.source + (b" pass" if header else b"")).body[0]
        self.groups = 0

    def cut(self, start: int, end: int) -> str:
        return self.source[start:end].decode()

    def statement(self) -> Doc:
        match self.tree:
            case ast.Assign(targets=[target], value=value) | ast.AugAssign(target=target, value=value):
                sign = self.cut(target.end_col_offset or 0, value.col_offset).strip(" ()")
                return self.assignment(target, f" {sign} ", value)
            case ast.Return(value=ast.expr() as value):
                return ["return ", self.right_side(value)]
            case ast.If(test=test) | ast.While(test=test):
                return [self.prefix, self.cut(0, test.col_offset).rstrip("("), self.right_side(test), ":"]
            case ast.For(target=target, iter=value):
                return [self.cut(0, value.col_offset), self.right_side(value), ":"]
            case ast.FunctionDef() as function:
                return self.signature(function)
            case ast.Raise(exc=ast.expr() as value, cause=cause):
                end: list[Doc] = (
                    [] if cause is None else [" from ", self.cut(cause.col_offset, cause.end_col_offset or 0)]
                )
                return ["raise ", self.right_side(value), *end]
            case ast.Assert(test=test, msg=message):
                end = [] if message is None else [", ", self.right_side(message)]
                return ["assert ", self.right_side(test), *end]
            case ast.Expr(value=value):
                return self.right_side(value) if isinstance(value, _Binary) else self.inner(value, _BARE)
        return self.cut(0, len(self.source))

    def signature(self, function: ast.FunctionDef) -> Doc:
        args, defaults = function.args.args, function.args.defaults
        given = [f"={self.cut(d.col_offset, d.end_col_offset or 0)}" for d in defaults]
        given = [""] * (len(args) - len(defaults)) + given
        rows = _listed([a.arg + d for a, d in zip(args, given, strict=True)], several=1)
        return [f"def {function.name}", _bracketed(_BARE, "(", rows if len(args) == 1 else Group(rows), ")"), ":"]

    def assignment(self, target: ast.expr, sign: str, value: ast.expr) -> Doc:
        left: Doc = [self.target(target), sign]
        closed = isinstance(target, ast.Subscript | ast.Tuple)
        chain = isinstance(value, _Chain) and self.need(value) != "many"
        if not closed or not (chain or isinstance(value, ast.Name | ast.Constant)):
            return [left, self.right_side(value)]
        doc = self.inner(value, _BARE)
        hugged: list[Doc] = [[left, Group(doc, broken=True)]] if chain else []
        parens = [left, "(", Group([Indent([SOFT, doc]), SOFT], broken=True), ")"]
        return Best(([left, doc], *hugged, parens, [left, doc]))

    def target(self, node: ast.expr) -> Doc:
        if isinstance(node, ast.Tuple) and not self.wrapped_tuple(node):
            return _if_needed(_listed([self.expr(item, _INSIDE) for item in node.elts]))
        return self.inner(node, _BARE)

    # ............................................................................. optional parentheses

    def right_side(self, node: ast.expr) -> Doc:
        """An expression that may be put into parentheses to be broken."""
        if isinstance(node, ast.Tuple) and not self.wrapped_tuple(node):
            rows = _listed([self.expr(item, _INSIDE) for item in node.elts])
            if isinstance(self.tree, ast.Return) and len(node.elts) == 2:
                return self.optional(lambda level: _listed([self.expr(item, level) for item in node.elts]))
            return _if_needed(rows)
        need = self.need(node)
        if need == "none":
            return self.inner(node, _BARE)
        if need == "parens":
            return Parens(self.inner(node, _BARE))
        if _Omission(self).possible(node):
            return self.optional(lambda level: self.inner(node, level))
        return _if_needed(self.inner(node, _INSIDE))

    def optional(self, content: Callable[[int], Doc]) -> Doc:
        """Parentheses that are there only if the content does not fit with just its own brackets broken."""
        self.groups += 1
        this = self.groups
        inside = Indent([SOFT, content(this)], only=this)
        return Group([IfBroken("("), inside, SOFT, IfBroken(")")], id=this)

    def wrapped(self, node: ast.expr) -> bool:
        """Does the node stand in parentheses of its own? (Not asked about the only argument of a call.)"""
        start, end = node.col_offset, node.end_col_offset or 0
        return self.source[start - 1 : start] == b"(" and self.source[end : end + 1] == b")"

    def fluent(self, node: ast.expr) -> bool:
        """Is it a chain of calls that ruff breaks before its dots?"""
        count = 0
        while isinstance(node, _Chain):
            base = _base(node)
            ends = self.wrapped(base)
            count += isinstance(node, ast.Attribute) and (ends or isinstance(base, ast.Call | ast.Subscript))
            if ends:
                break
            node = base
        return count >= 2

    def need(self, node: ast.expr) -> str:
        """How a right-hand side wants to be broken: in "parens", in "none", or in those if "many" lines."""
        match node:
            case ast.Name() | ast.Constant():
                return "parens"
            case ast.UnaryOp(operand=operand):
                return "none" if self.wrapped(operand) else self.need(operand)
            case ast.Attribute() | ast.Call() | ast.Subscript():
                if self.fluent(node):
                    return "many"
                base = _base(node)
                need = "none" if self.wrapped(base) else self.need(base)
                return need if isinstance(node, ast.Attribute) or need == "many" else "none"
            case ast.BinOp() | ast.BoolOp() | ast.Compare() | ast.IfExp():
                return "many"
        return "none"

    # ....................................................................................... expressions

    def expr(self, node: ast.expr, level: int) -> Doc:
        if not isinstance(node, ast.Tuple) and self.wrapped(node):
            return _bracketed(level, "(", self.inner(node, _INSIDE), ")")
        return self.inner(node, level)

    def inner(self, node: ast.expr, level: int, root: bool = True) -> Doc:
        """An expression without the parentheses around it."""
        match node:
            case ast.UnaryOp(operand=operand):
                return [self.cut(node.col_offset, operand.col_offset).rstrip("("), self.expr(operand, level)]
            case ast.BinOp() | ast.BoolOp() | ast.Compare():
                operands, signs, ranks = self.flat(node)
                return _group(level, self.binary(operands, signs, ranks, level))
            case ast.IfExp():
                return _group(level, self.choice(node, level))
            case ast.Attribute() | ast.Call() | ast.Subscript():
                return self.chain(node, level, root)
            case ast.List(elts=[_, *_]):
                return _bracketed(level, "[", _listed([self.expr(e, _INSIDE) for e in node.elts]), "]")
            case ast.Tuple(elts=[one]):
                return _bracketed(level, "(", [self.expr(one, _INSIDE), ","], ")")
            case ast.Tuple(elts=[_, *_]):
                return _bracketed(level, "(", _listed([self.expr(e, _INSIDE) for e in node.elts]), ")")
            case ast.Slice():
                return self.slice(node)
        return self.cut(node.col_offset, node.end_col_offset or 0)

    def choice(self, node: ast.IfExp, level: int) -> Doc:
        other = node.orelse
        if isinstance(other, ast.IfExp) and not self.wrapped(other):
            last = self.choice(other, level)  # a chain of choices is one group
        else:
            last = self.expr(other, level)
        parts: list[Doc] = [self.expr(node.body, level), _line(level, " "), "if ", self.expr(node.test, level)]
        return [*parts, _line(level, " "), "else ", last]

    def slice(self, node: ast.Slice) -> Doc:
        """The bounds may break inside; the colons and the spaces around them stay as they are."""
        docs: list[Doc] = []
        position = node.col_offset
        for bound in filter(None, (node.lower, node.upper, node.step)):
            wrapped = self.wrapped(bound)
            docs += [self.cut(position, bound.col_offset - wrapped), self.expr(bound, _INSIDE)]
            position = (bound.end_col_offset or 0) + wrapped
        return [*docs, self.cut(position, node.end_col_offset or 0)]

    def chain(self, node: _Chain, level: int, root: bool) -> Doc:
        fluent = self.fluent(node) if root else True
        base = _base(node)
        # Within a chain that breaks before its dots the parts are no groups of their own.
        doc: list[Doc] = [self.expr(base, level) if self.wrapped(base) else self.inner(base, level, not fluent)]
        match node:
            case ast.Attribute():
                dot = fluent and (self.wrapped(base) or isinstance(base, ast.Call | ast.Subscript))
                doc += [SOFT if dot else "", f".{node.attr}"]
            case ast.Call():
                doc.append(self.arguments(node, level))
            case ast.Subscript(slice=ast.Tuple() as index) if not self.wrapped_tuple(index):
                items = Group(_listed([self.expr(e, _INSIDE) for e in index.elts]))
                doc.append(_bracketed(level, "[", items, "]"))
            case ast.Subscript():
                doc.append(_bracketed(level, "[", self.expr(node.slice, _INSIDE), "]"))
        return Group(doc) if fluent and root else doc

    def arguments(self, node: ast.Call, level: int) -> Doc:
        if not node.args and not node.keywords:
            return "()"
        alone = len(node.args) == 1 and not node.keywords
        rows = [self.inner(a, _INSIDE) if alone else self.expr(a, _INSIDE) for a in node.args]
        rows += [[f"{k.arg}=", self.expr(k.value, _INSIDE)] for k in node.keywords]
        return _bracketed(level, "(", Group(_listed(rows)), ")")

    def wrapped_tuple(self, node: ast.Tuple) -> bool:
        """Does the tuple have parentheses? They belong to its own extent."""
        return not node.elts or node.col_offset < node.elts[0].col_offset

    def flat(self, node: ast.expr) -> tuple[list[ast.expr], list[str], list[int]]:
        """The operands and operators of nested operations that no parentheses separate."""
        if not isinstance(node, _Binary):
            return [node], [], []
        operands: list[ast.expr] = []
        signs: list[str] = []
        ranks: list[int] = []
        terms, own = _terms(node)
        for i, term in enumerate(terms):
            if i:
                signs.append(self.cut(terms[i - 1].end_col_offset or 0, term.col_offset).strip("( )"))
                ranks.append(own[i - 1])
            more = ([term], [], []) if self.wrapped(term) else self.flat(term)
            operands += more[0]
            signs += more[1]
            ranks += more[2]
        return operands, signs, ranks

    def binary(self, operands: list[ast.expr], signs: list[str], ranks: list[int], level: int) -> Doc:
        """Lines begin with the operators that bind least; what stands between those is a group."""
        if not signs:
            return self.expr(operands[0], level)
        docs: list[Doc] = []
        start, loosest = 0, max(ranks)
        for i in [*(i for i, rank in enumerate(ranks) if rank == loosest), len(ranks)]:
            part = self.binary(operands[start : i + 1], signs[start:i], ranks[start:i], level)
            docs.append(_group(level, part) if i > start else part)
            if i < len(signs):
                hugs = self.source[(operands[i].end_col_offset or 0) :].startswith(b"**")
                after = IfBroken(" ", id=level) if hugs and level != _BARE else "" if hugs else " "
                docs += [_line(level, "" if hugs else " "), signs[i], after]
            start = i + 1
        return docs


class _Omission:
    """Can the parentheses around a whole expression be left out, as it has brackets of its own to break?"""

    def __init__(self, builder: _Builder) -> None:
        self.builder = builder
        self.rank = self.count = 0  # of the operators that bind least
        self.brackets = False
        self.first: ast.expr | None = None  # what the expression begins with; `sign` if that is an operator
        self.sign = False
        self.last: ast.expr | None = None

    def possible(self, node: ast.expr) -> bool:
        self.below(node)
        if not self.brackets or self.count > 1:
            return False
        ends = (self.last, None if self.sign else self.first)
        return any(end is not None and self.closed(end) for end in ends)

    def closed(self, node: ast.expr) -> bool:
        match node:
            case ast.Call():
                return bool(node.args or node.keywords)
            case ast.List() | ast.Tuple():
                return bool(node.elts)
        return self.builder.wrapped(node)

    def visit(self, node: ast.expr) -> None:
        self.last = node
        if self.builder.wrapped(node):
            self.brackets = True
        else:
            self.below(node)
        if self.first is None and not self.sign:
            self.first = node

    def note(self, rank: int, count: int = 1) -> None:
        if rank > self.rank:
            self.rank, self.count = rank, count
        elif rank == self.rank:
            self.count += count

    def below(self, node: ast.expr) -> None:
        match node:
            case ast.List() | ast.Tuple():
                self.brackets = True
            case ast.Call() | ast.Subscript():
                self.brackets = True
                self.visit(_base(node))
                self.last = node
            case ast.Attribute(value=value):
                self.visit(value)
                if isinstance(value, ast.Call | ast.Subscript | ast.List | ast.Tuple) or self.builder.wrapped(value):
                    self.note(_RANK[ast.Attribute])
                self.last = node
            case ast.UnaryOp():
                self.sign = self.sign or self.first is None
                if isinstance(node.op, ast.Invert):
                    self.note(_RANK[ast.Invert])
                self.visit(node.operand)
            case ast.IfExp():
                self.note(_RANK[ast.IfExp], 2)
                for part in (node.body, node.test, node.orelse):
                    self.visit(part)
            case ast.BinOp() | ast.BoolOp() | ast.Compare():
                terms, ranks = _terms(node)
                self.note(ranks[0], len(ranks))
                for term in terms:
                    self.visit(term)
