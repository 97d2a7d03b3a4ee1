"""Exceptions that a program raises: their classes and what they are made of.

in:   raise Diverged(f"at {t}", t)         out:  the same, with core arguments

An exception leaves the derivative as it leaves the function. It is made where the program makes it, by its own class.
"""

from __future__ import annotations

import operator
import types
from dataclasses import replace
from typing import Any

from ..errors import UnsupportedSyntax
from ..ir.marks import attempted, entering, leaving, matches_mapping, matches_sequence
from ..ir.nodes import Call, Const, Display, Expr, Name, Object
from ..ir.types import TEXT, Held, Static, Type
from ..ir.walk import assigned
from ..opaque.parts import is_learner
from ..rules.typing import TypeProblem
from .kinds import fits_mapping, fits_sequence, is_instance
from .literals import as_written
from .loops import Loops
from .managers import check_manager

_OF_TEXT = {operator.mod: str.__mod__, operator.add: str.__add__, operator.mul: str.__mul__}


def is_progress_bar(function: Any) -> bool:
    """Whether this is `tqdm` or `trange`, of any of the modules that have them."""
    home = str(getattr(function, "__module__", ""))
    return home.partition(".")[0] == "tqdm" and getattr(function, "__name__", "") in ("tqdm", "trange")


def is_text(type_: Type) -> bool:
    return type_ == TEXT or (isinstance(type_, Static) and isinstance(type_.value, str))


class Outcomes(Loops):
    """The exceptions of one function."""

    def exception(self, e: Expr) -> Expr:
        """What is raised, with core operands."""
        callee = e.func if isinstance(e, Call) else e
        found = callee if isinstance(callee, Object) else self.expr(callee)
        if isinstance(found, Object) and (is_exception_class(found.value) or is_learner(found.value)):
            if not isinstance(e, Call):
                return found
            args, kwargs = self.arguments(e)
            operands = tuple(map(self.operand, args)), tuple((k, self.operand(v)) for k, v in kwargs)
            return Call(found, *operands, e.at)
        if isinstance(found, Object) and isinstance(found.value, BaseException | None) and not isinstance(e, Call):
            return found
        if not isinstance(e, Call) and self.typed(found) == Held(BaseException):
            return found  # one that a handler has caught
        raise TypeProblem(
            UnsupportedSyntax,
            "`raise` of a value that is computed",
            "which exception it is has to be known when the derivative is written",
            "raise an exception class, or call it here: `raise ValueError(...)`",
            e.at,
        )

    # ------------------------------------------------------------------------------------------ text, and what fits

    def _builtin(self, e: Call) -> Expr:
        operator_ = _OF_TEXT.get(e.func.value) if isinstance(e.func, Object) and len(e.args) == 2 else None
        if operator_ is not None and is_text(self.typed(e.args[0])):
            return Call(Object(operator_, "text"), tuple(map(as_written, e.args)), (), e.at)
        return super()._builtin(e)

    def special_call(self, function: Any, e: Call) -> Expr | None:
        if function is matches_sequence:
            subject, length, starred = e.args
            assert isinstance(length, Const)
            assert isinstance(starred, Const)
            return self.settled_test(fits_sequence(self.typed(self.expr(subject)), length.value, starred.value), e)
        if function is matches_mapping:
            return Const(fits_mapping(self.typed(self.expr(e.args[0]))))
        if function in (entering, leaving):
            return self.managed(e)
        if is_progress_bar(function) and e.args:
            # it shows how far the loop is, and the reverse sweep has a loop, too: both run without
            over = e.args[0] if function.__name__ == "tqdm" else Call(Object(range, "range"), e.args, (), e.at)
            return self.expr(over)
        if function is attempted:
            names = sorted(assigned(tuple(self.state.out)))
            return replace(e, args=tuple(Name(n) for n in names if not isinstance(self.state.env.get(n), Static)))
        if function is isinstance and len(e.args) == 2:
            value, classes = (self.expr(a) for a in e.args)
            return self.settled_test(self.fits_class(self.typed(value), classes, e), e)
        return super().special_call(function, e)

    def managed(self, e: Call) -> Call:
        """A context manager, which is to be found when the derivative is written; with core operands."""
        is_call, manager, *args = e.args
        manager = manager if isinstance(manager, Object) else self.expr(manager)
        if not isinstance(manager, Object):
            raise TypeProblem(
                UnsupportedSyntax,
                "`with` of a value that is computed",
                "what the context manager does has to be known when the derivative is written",
                "make the context manager in the `with` statement, or outside of the function",
                e.at,
            )
        check_manager(manager.value, e)
        operands = tuple(self.operand(self.expr(a)) for a in args)
        kwargs = tuple((k, self.operand(self.expr(v))) for k, v in e.kwargs)
        return replace(e, args=(is_call, manager, *operands), kwargs=kwargs)

    def fits_class(self, type_: Type, classes: Expr, e: Call) -> bool | None:
        """`isinstance`, for one class or a tuple of them."""
        if isinstance(classes, Display):
            found = [self.fits_class(type_, c, e) for c in classes.items]
            return True if True in found else None if None in found else False
        value = classes.value if isinstance(classes, Object) else None
        if isinstance(value, types.UnionType):
            found = [is_instance(type_, c) if isinstance(c, type) else None for c in value.__args__]
            return True if True in found else None if None in found else False
        if isinstance(value, tuple) and all(isinstance(c, type) for c in value):
            found = [is_instance(type_, c) for c in value]
            return True if True in found else None if None in found else False
        return is_instance(type_, value) if isinstance(value, type) else None

    def settled_test(self, answer: bool | None, e: Call) -> Const:
        if answer is None:
            raise TypeProblem(
                UnsupportedSyntax,
                "a test for the class of a value that may be of several classes",
                "it is decided when the derivative is written, where numbers of Python and of NumPy are alike",
                "test for `float` or `np.ndarray`, for a class of your own, or for the number of dimensions (`x.ndim`)",
                e.at,
            )
        return Const(answer, e.at)

    def operand(self, e: Expr) -> Expr:
        """An argument of an exception: a number, an array, a text, or a tuple or list of these."""
        return as_written(e)


def is_exception_class(value: object) -> bool:
    return isinstance(value, type) and issubclass(value, BaseException)
