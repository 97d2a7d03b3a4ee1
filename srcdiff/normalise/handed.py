"""Lists that recursive functions take, change and return: handed over as arrays (see `packing`).

in:   s = paths(x, i, path)                   out:  items = np.empty(len(path)); ...
      def paths(x, i, path):                        s, path_2 = paths(x, i, items)
          path.append(x[i])                         path = []; ...  (the items of path_2)
          ...
                                              def paths(x, i, path_items):
                                                  path = []; ...  (the items of path_items)
                                                  path.append(x[i])

In the core program a recursive function is a pure function of numbers and arrays. A list that it only reads is the
array itself, in the same words, if it is one of numbers; one that it changes is a list of its own, whose items it
returns after its results, and the caller's list gets these.

Whether two of the lists in a list are one list is lost on the way. So a function does not change the lists in a list
that it is given, and those in a list that comes out of a call are not changed afterwards.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from ..errors import AmbiguousAlias, UnsupportedRecursion
from ..ir.callee import called
from ..ir.nodes import (
    Assign,
    Block,
    Call,
    Const,
    Display,
    Effect,
    Expr,
    For,
    Item,
    Name,
    Object,
    Span,
    Stmt,
    Update,
    While,
)
from ..ir.types import ListOf, Num, Tup, Type, describe
from ..ir.walk import children, expressions, is_call_of, paths, statements, targets
from ..rules.typing import TypeProblem
from .groups import Instance, is_nested, is_packed, packed_types
from .iteration import LEN, RANGE
from .literals import is_list
from .packing import Packing
from .state import Grows, State, to_problem

POP = Object(list.pop, "pop")
WHY_PACKED = "it is handed over as numbers: lists of numbers, of arrays, and of lists of numbers are, no others"
_NAMES = ("items", "lengths")


class Tied(NamedTuple):
    """A call that gives lists which are copies of others: by the arrays that it gives, and all of these lists. Where it
    is `rows` of lists of lists that are copies, only a change of a list in them matters."""

    arrays: frozenset[str]
    names: frozenset[str]
    problem: TypeProblem
    rows: bool = False


class Handed(Packing):
    """The lists that one function hands to recursive functions, or takes as one."""

    chain: tuple[str, ...]
    instance: Instance | None = None  # what it is, where it is a recursive function

    def made(self, items: tuple[Expr, ...]) -> Name:
        raise NotImplementedError

    def check_at_rest(self, home: Expr, at: Expr) -> None:
        raise NotImplementedError

    # ------------------------------------------------------------------------------------------------- the caller

    def grown_argument(self, arg: Expr, e: Call) -> Expr:
        """A list that is written out, as a list of the program where somebody changes lists."""
        if not isinstance(arg, Display) or not is_list(arg) or arg.form is None or list not in self.state.changed:
            return arg
        if arg.form.site is None:
            raise TypeProblem(
                UnsupportedRecursion,
                "a list from outside of the function as an argument of a recursive function",
                "the program changes lists in place, and who else has it is not followed",
                "pass a copy of it: list(xs)",
                e.at,
            )
        raise Grows(frozenset((arg.form.site,)))

    def handed(self, e: Expr) -> Iterator[Expr]:
        """A list as the arrays that are handed over; nothing for one that holds nothing yet."""
        type_ = self.typed(e)
        if isinstance(e, Name) and e.id in self.state.lent:
            yield e
        elif isinstance(type_, ListOf) and is_packed(type_):
            yield from self.packed(e)
        elif isinstance(type_, ListOf):  # a function, say, is known where the call is made
            raise self.not_packed(type_, getattr(e, "at", None))

    def arrays_for(self, type_: ListOf, names: Iterator[str]) -> list[Expr]:
        """The arrays that stand for a list, under the names that come next."""
        return [Name(next(names)) for _ in packed_types(type_)]

    def not_packed(self, type_: Type, at: Span | None) -> TypeProblem:
        held = type_.item if isinstance(type_, ListOf) else None
        return TypeProblem(
            UnsupportedRecursion,
            f"a list of items of the kind {describe(held or type_)} as what a function that calls itself returns",
            WHY_PACKED,
            "return an array with a row for each item, or write the recursion as a loop",
            at,
        )

    def lists_in(self, args: list[Expr]) -> list[Name]:
        """The lists among the parts of arguments."""
        found: list[Name] = []
        for arg in args:
            if isinstance(arg, Display):
                found += self.lists_in(list(arg.items))
            elif isinstance(self.typed(arg), ListOf):
                found.append(self.list_name(arg))
        return found

    def take_back(self, instance: Instance, lists: list[Name], names: Iterator[str], e: Call) -> None:
        """Give the caller's lists the items that a call has left in its own."""
        own = dict(zip(instance.lists, lists, strict=True))
        for leaf, type_ in zip(instance.changed, instance.parts()[1], strict=True):
            home = own[leaf]
            self.check_alone(home, lists, instance, e)
            self.check_at_rest(home, e)
            self.give_back(home, self.arrays_for(type_, names), type_)

    def give_back(self, home: Name, arrays: list[Expr], type_: ListOf) -> None:
        """Give a list the items that come as arrays."""
        held = self.state.env[home.id]
        if isinstance(held, ListOf) and held.own:
            self.new_list(home.id)
        elif isinstance(held, ListOf) and held.item is not None:
            self.empty_out(home)
        self.fill(home, arrays, type_)

    def empty_out(self, home: Name) -> None:
        """Take all items out of a list that others know, too."""

        def pop(_: Expr) -> None:
            self.state.emit(Effect(Call(POP, (home,))))
            self.state.effects += 1

        self.each(Call(RANGE, (Call(LEN, (home,)),)), pop)

    def check_alone(self, home: Name, lists: list[Name], instance: Instance, e: Call) -> None:
        """Refuse one list as two arguments of a function that changes it."""
        together = self.state.names_of.get(home.id, {home.id})
        if sum(1 for other in lists if other.id in together) > 1:
            name = instance.program.function.name
            raise TypeProblem(
                AmbiguousAlias,
                f"two arguments of `{name}` that may be the same list, which it changes",
                "a recursive function is differentiated with a copy of what it changes",
                "pass the list once, or a copy of it: list(xs)",
                e.at,
            )

    def tie(self, instance: Instance, result: Expr, lists: list[Name], arrays: list[str], e: Call) -> None:
        """Note that lists which a call gives are copies of others: a list that it was given, or lists in a list."""
        own, name = dict(zip(instance.lists, lists, strict=True)), instance.program.function.name
        made = self.lists_in([result])
        names = {own[leaf].id for leaf in instance.returned}
        if names:
            what = f"a list that `{name}` returns and that may be its argument, and one of both is changed afterwards"
            why = "whether the other one changes, too, depends on the path that the function took"
            names |= {n.id for n in made}
            self.note_tied(arrays, names, what, why, f"return a copy from `{name}`: list(xs)", e.at)
        changed = (own[leaf] for leaf in instance.changed)
        nested = {n.id for n in (*made, *changed) if is_nested(self.state.env[n.id])}
        if nested:
            self.note_rows(name, arrays, nested, e.at)

    def note_rows(self, name: str, arrays: list[str], nested: set[str], at: Span | None) -> None:
        """Note that the lists in lists of lists are copies of others."""
        what = f"a list in a list of lists that `{name}` gives back, changed afterwards"
        why = "whether it is in the list twice, or has another name, depends on the path that the function took"
        self.note_tied(
            arrays, nested, what, why, f"copy what `{name}` gives back: [list(row) for row in rows]", at, True
        )

    def note_tied(
        self, arrays: list[str], names: set[str], what: str, why: str, fix: str, at: Span | None, rows: bool = False
    ) -> None:
        problem = TypeProblem(AmbiguousAlias, what, why, fix, at)
        problem.origin = self.state.origin
        self.state.tied.append(Tied(frozenset(arrays), frozenset(names), problem, rows))

    # ------------------------------------------------------------------------------------------------- the callee

    def take(self, instance: Instance, leaves: list[str], declared: dict[str, Type]) -> dict[str, Num]:
        """The parameters of a recursive function with their types, its lists made of those."""
        params: dict[str, Num] = {}
        lists: list[str] = []
        for n in leaves:
            type_ = declared[n]
            if isinstance(type_, Num):
                params[n] = type_
            elif isinstance(type_, ListOf):
                lists.append(n)
                found = packed_types(type_)
                if n not in instance.own and isinstance(type_.item, Num) and type_.item.ndim == 0:
                    (params[n],) = found
                    self.state.lent.add(n)
                    continue
                held = [self.state.fresh(f"{n}_{what}") for what in _NAMES[-len(found) :]] if found else []
                for array, items in zip(held, found, strict=True):
                    params[array] = self.state.env[array] = items
                self.new_list(n)
                self.fill(Name(n), list(map(Name, held)), type_)
        instance.lists = tuple(lists)
        return params

    def with_contents(self, value: Expr) -> Expr:
        """What a recursive function returns, with the lists that it changes."""
        instance = self.instance
        if instance is None:
            return value
        own = [n.id for n in self.lists_in([value])]
        self.state.nested_results |= {n for n in own if is_nested(self.state.env[n])}
        for n in own:
            together = self.state.names_of.get(n, {n})
            instance.returned |= together & set(instance.lists)
            if sum(1 for other in own if other in together) > 1:
                problem = TypeProblem(
                    AmbiguousAlias,
                    "one list as two results of a recursive function",
                    "the caller gets a list of its own for each result",
                    "return the list once, or a copy of it: list(xs)",
                )
                found = to_problem(instance.program, problem, self.state.origin, self.chain)
                self.state.problems.append(found)
                break
        if not instance.changed:
            return value
        return Display("tuple", (value, *map(Name, instance.changed)))

    def note_lists(self, instance: Instance, body: Block) -> bool:
        """Note which lists a recursive function needs as its own, and which it changes; whether that is new."""
        own = {n for n in instance.lists if any(_uses(e, n) for s in statements(body) for e in _parts(s))}
        written = {n for s in statements(body) for n in changed_by(s)}
        names_of = self.state.names_of
        changed = (n for n in instance.lists if names_of.get(n, {n}) & written or n in instance.changed)
        instance.met = tuple(changed)
        is_new = not own <= instance.own or instance.met != instance.changed
        instance.own |= own
        return is_new

    def is_handed(self, type_: Type) -> bool:
        """Whether every list in an argument is one that can be handed over."""
        return all(map(self.is_handed, type_.items)) if isinstance(type_, Tup) else is_packed(type_)

    def check_list(self, name: str, param: str, type_: Type, e: Call) -> None:
        if not self.is_handed(type_):
            held = type_.item if isinstance(type_, ListOf) else None
            what = "" if held is None else f" of items of the kind {describe(held)}"
            raise TypeProblem(
                UnsupportedRecursion,
                f"a list{what} as the argument `{param}` of `{name}`, which calls itself",
                WHY_PACKED,
                "pass an array with a row for each item, or write the recursion as a loop",
                e.at,
            )


def together(arrays: Iterable[Expr]) -> Expr:
    """The arrays that stand for a list, as a part of a result."""
    found = tuple(arrays)
    return Const(None) if not found else found[0] if len(found) == 1 else Display("tuple", found)


def check_tied(state: State, body: Block, instance: Instance | None = None) -> Iterator[TypeProblem]:
    """What is wrong with the lists that calls have given back: one is changed that may have another name. And with
    those in the lists of lists that a recursive function is given, which are copies, too."""
    if instance is not None:
        yield from check_rows(state, body, instance)
    if not state.tied:
        return
    events = list(paths(body))
    for tied in state.tied:
        place = next((k for k, (s, _) in enumerate(events) if _binds(s, tied.arrays)), None)
        if place is None:
            continue
        _, path = events[place]
        homes = {n for own in tied.names for n in state.names_of.get(own, {own})}
        inside = rows_of(state, homes) if tied.rows else None
        for k, (s, own) in enumerate(events):
            for name in _touched(s, homes, inside):
                if any(_reads(loop, tied.arrays) for loop in own):
                    continue  # the list is made of what the call gives
                common = [a for a, b in zip(own, path, strict=False) if a is b and isinstance(a, For | While)]
                if k < place and not common:
                    continue
                if not _made_anew(events, name, k, place, common[-1] if common else None):
                    yield tied.problem
                    return


def check_rows(state: State, body: Block, instance: Instance) -> Iterator[TypeProblem]:
    """What is wrong with the lists in lists of a recursive function: it changes one that it is given, or puts a list
    that it is given into one that it gives back."""
    name = instance.program.function.name
    changed = changes_inside(state, body, {n for n in instance.lists if is_nested(state.env[n])})
    if changed is not None:
        problem = TypeProblem(
            UnsupportedRecursion,
            f"a list in a list of lists that `{name}` is given, and changes",
            "the function has a copy of it: whether it is in the list twice, or has another name, is not followed",
            "use an array: np.zeros((n, m)), and write its elements",
        )
        problem.origin = changed.origin
        yield problem
        return
    given = {n for own in instance.lists for n in state.names_of.get(own, {own})}
    out = {n for own in instance.returned | set(instance.changed) for n in state.names_of.get(own, {own})}
    if any(state.held_in.get(n, set()) & (out | state.nested_results) for n in given):
        yield TypeProblem(
            UnsupportedRecursion,
            f"a list that `{name}` is given, in a list of lists that it gives back",
            "the caller gets a copy of it, which no longer changes with the list itself",
            "put a copy into the list: rows.append(list(xs))",
        )


def changes_inside(state: State, body: Block, nested: set[str]) -> Stmt | None:
    """The statement that changes a list in one of these lists of lists, if there is one."""
    homes = {n for own in nested for n in state.names_of.get(own, {own})}
    events, inside = list(paths(body)), rows_of(state, homes)
    for k, (s, _) in enumerate(events if homes else ()):
        if any(own in homes or not _made_anew(events, own, k, -1, None) for own in _touched(s, homes, inside)):
            return s
    return None


def rows_of(state: State, homes: set[str]) -> set[str]:
    """The variables that may hold a list in one of these lists."""
    found = {n for n, holders in state.held_in.items() if holders & homes}
    return found.union(*(state.names_of.get(n, {n}) for n in found)) - homes


def _touched(s: Stmt, homes: set[str], inside: set[str] | None) -> set[str]:
    """Which of some lists a statement changes; with `inside`, of these and of the lists in the others."""
    if inside is None:
        return homes.intersection(changed_by(s))
    return inside.intersection(changed_by(s)) | homes.intersection(changed_by(s, deep=True))


def _made_anew(
    events: list[tuple[Stmt, tuple[Stmt, ...]]], name: str, change: int, call: int, loop: Stmt | None
) -> bool:
    """Whether a list is a new one wherever it is changed, made after a call or on the same trip of a loop."""
    _, path = events[change]
    for k, (s, own) in enumerate(events[:change]):
        is_made = isinstance(s, Assign) and s.target == Name(name) and not isinstance(s.value, Name | Item)
        if is_made and path[: len(own)] == own and (k > call or (loop is not None and loop in own)):
            return True
    return False


def _binds(s: Stmt, names: frozenset[str]) -> bool:
    return isinstance(s, Assign) and not names.isdisjoint(targets(s.target))


def _reads(s: Stmt, arrays: frozenset[str]) -> bool:
    return isinstance(s, For) and any(s.iter == Call(RANGE, (Call(LEN, (Name(n),)),)) for n in arrays)


def _parts(s: Stmt) -> Iterator[Expr]:
    """The expressions of one statement, with what it writes as a whole."""
    if isinstance(s, Assign | Update) and isinstance(s.target, Item):
        yield s.target.index
        yield s.value
        root = s.target.base
        while isinstance(root, Item):
            root = root.base
        yield root
        return
    yield from expressions(s)


def _uses(e: Expr, name: str) -> bool:
    """Whether a list is used otherwise than an array can be: read by its places, measured, handed on."""
    match e:
        case Name():
            return e.id == name
        case Item(base=Name(), index=index):
            return _uses(index, name)
        case Call(func=Object(value=function), args=(Name(),)) if function is len:
            return False
        case Call(args=args) if called(e) is not None:
            return any(_uses(a, name) for a in args if not isinstance(a, Name))
    return any(_uses(part, name) for part in children(e))


def changed_by(s: Stmt, deep: bool = False) -> Iterator[str]:
    """The lists that a statement makes longer or shorter, or writes an item of; `deep`: those in which it writes an
    item of an item."""
    if isinstance(s, Assign | Update) and isinstance(s.target, Item):
        root: Expr = s.target.base if deep else s.target
        if deep and not isinstance(root, Item):
            return
        while isinstance(root, Item):
            root = root.base
        if isinstance(root, Name):
            yield root.id
    value = s.value if isinstance(s, Assign | Effect | Update) else Const(None)
    if deep or not is_call_of(value, list.append, list.pop) or not isinstance(value, Call):
        return
    if isinstance(value.args[0], Name):
        yield value.args[0].id
