"""Lists of numbers that recursive functions take, change and return: handed over as arrays.

in:   s = paths(x, i, path)                   out:  items = np.empty(len(path)); ...
      def paths(x, i, path):                        s, path_2 = paths(x, i, items)
          path.append(x[i])                         path = []; ...  (the items of path_2)
          ...
                                              def paths(x, i, path_items):
                                                  path = []; ...  (the items of path_items)
                                                  path.append(x[i])

In the core program a recursive function is a pure function of numbers and arrays. A list that it only reads is the
array itself, in the same words; one that it changes is a list of its own, whose items it returns after its results,
and the caller's list gets these.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from ..errors import AmbiguousAlias, UnsupportedRecursion
from ..ir.callee import called
from ..ir.nodes import Assign, Block, Call, Const, Display, Effect, Expr, For, Item, Name, Object, Stmt, Update, While
from ..ir.types import ListOf, Num, Tup, Type, describe
from ..ir.walk import children, expressions, is_call_of, paths, statements
from ..rules.typing import TypeProblem
from .classes import Classes
from .groups import Instance, of_items
from .iteration import LEN, RANGE
from .literals import is_list
from .state import Grows, State, to_problem

POP = Object(list.pop, "pop")


class Tied(NamedTuple):
    """A call whose result may be the list that is its argument: by the array that it gives, and these two lists."""

    array: str
    names: frozenset[str]
    problem: TypeProblem


class Handed(Classes):
    """The lists that one function hands to recursive functions, or takes as one."""

    chain: tuple[str, ...]
    instance: Instance | None = None  # what it is, where it is a recursive function

    def as_array(self, e: Expr) -> Expr:
        raise NotImplementedError

    def copy_of(self, base: Expr) -> Name:
        raise NotImplementedError

    def each(self, source: Expr, body: Callable[[Expr], None]) -> None:
        raise NotImplementedError

    def list_name(self, base: Expr) -> Name:
        raise NotImplementedError

    def made(self, items: tuple[Expr, ...]) -> Name:
        raise NotImplementedError

    def new_list(self, name: str | None = None) -> Name:
        raise NotImplementedError

    def put_in(self, base: Expr, item: Expr) -> None:
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
        """A list as the array that is handed over; nothing for one that holds nothing yet."""
        type_ = self.typed(e)
        if isinstance(type_, ListOf) and type_.item is not None:
            yield e if isinstance(e, Name) and e.id in self.state.lent else self.as_array(e)

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
            array = Name(next(names)) if type_.item is not None else None
            held = self.state.env[home.id]
            if isinstance(held, ListOf) and held.own:
                self.new_list(home.id)
            elif isinstance(held, ListOf) and held.item is not None:
                self.empty_out(home)
            if array is not None:
                self.fill(home, array)

    def empty_out(self, home: Name) -> None:
        """Take all items out of a list that others know, too."""

        def pop(_: Expr) -> None:
            self.state.emit(Effect(Call(POP, (home,))))
            self.state.effects += 1

        self.each(Call(RANGE, (Call(LEN, (home,)),)), pop)

    def fill(self, home: Name, source: Expr) -> None:
        self.each(source, lambda item: self.put_in(home, item))

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

    def tie(self, instance: Instance, result: Expr, lists: list[Name], first: str, e: Call) -> None:
        """Note that a list which a call returns may be one that it was given."""
        own = dict(zip(instance.lists, lists, strict=True))
        names = {own[leaf].id for leaf in instance.returned}
        if not names:
            return
        names |= {n.id for n in self.lists_in([result])}
        name = instance.program.function.name
        problem = TypeProblem(
            AmbiguousAlias,
            f"a list that `{name}` returns and that may be its argument, and one of both is changed afterwards",
            "whether the other one changes, too, depends on the path that the function took",
            f"return a copy from `{name}`: list(xs)",
            e.at,
        )
        problem.origin = self.state.origin
        self.state.tied.append(Tied(first, frozenset(names), problem))

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
                items = of_items(type_)
                if items is None:
                    self.new_list(n)
                elif n in instance.own:
                    held = self.state.fresh(f"{n}_items")
                    params[held] = self.state.env[held] = items
                    self.new_list(n)
                    self.fill(Name(n), Name(held))
                else:
                    params[n] = items
                    self.state.lent.add(n)
        instance.lists = tuple(lists)
        return params

    def with_contents(self, value: Expr) -> Expr:
        """What a recursive function returns, with the lists that it changes."""
        instance = self.instance
        if instance is None:
            return value
        own = [n.id for n in self.lists_in([value])]
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
        written = {n for s in statements(body) for n in _changed(s)}
        names_of = self.state.names_of
        changed = (n for n in instance.lists if names_of.get(n, {n}) & written or n in instance.changed)
        instance.met = tuple(changed)
        is_new = not own <= instance.own or instance.met != instance.changed
        instance.own |= own
        return is_new

    def is_handed(self, type_: Type) -> bool:
        """Whether every list in an argument is one of numbers."""
        if isinstance(type_, Tup):
            return all(map(self.is_handed, type_.items))
        if not isinstance(type_, ListOf) or type_.item is None:
            return True
        return isinstance(type_.item, Num) and type_.item.ndim == 0 and not type_.item.is_complex

    def check_list(self, name: str, param: str, type_: Type, e: Call) -> None:
        if not self.is_handed(type_):
            held = type_.item if isinstance(type_, ListOf) else None
            what = "" if held is None else f" of items of the kind {describe(held)}"
            raise TypeProblem(
                UnsupportedRecursion,
                f"a list{what} as the argument `{param}` of `{name}`, which calls itself",
                "recursive functions are differentiated in numbers, arrays, lists of numbers and structures of these",
                "pass an array with a row for each item, or write the recursion as a loop",
                e.at,
            )


def check_tied(state: State, body: Block) -> Iterator[TypeProblem]:
    """What is wrong with the lists that calls have returned: one is changed that may have another name."""
    if not state.tied:
        return
    events = list(paths(body))
    for tied in state.tied:
        place = next((k for k, (s, _) in enumerate(events) if _binds(s, tied.array)), None)
        if place is None:
            continue
        _, path = events[place]
        together = {n for own in tied.names for n in state.names_of.get(own, {own})}
        for k, (s, own) in enumerate(events):
            for name in together.intersection(_changed(s)):
                if any(_reads(loop, tied.array) for loop in own):
                    continue  # the list is made of what the call gives
                common = [a for a, b in zip(own, path, strict=False) if a is b and isinstance(a, For | While)]
                if k < place and not common:
                    continue
                if not _made_anew(events, name, k, place, common[-1] if common else None):
                    yield tied.problem
                    return


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


def _binds(s: Stmt, name: str) -> bool:
    if not isinstance(s, Assign):
        return False
    return s.target == Name(name) or (isinstance(s.target, Display) and Name(name) in s.target.items)


def _reads(s: Stmt, array: str) -> bool:
    return isinstance(s, For) and s.iter == Call(RANGE, (Call(LEN, (Name(array),)),))


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


def _changed(s: Stmt) -> Iterator[str]:
    """The lists that a statement makes longer or shorter, or writes an item of."""
    if isinstance(s, Assign | Update) and isinstance(s.target, Item):
        root: Expr = s.target
        while isinstance(root, Item):
            root = root.base
        if isinstance(root, Name):
            yield root.id
    value = s.value if isinstance(s, Assign | Effect | Update) else Const(None)
    if is_call_of(value, list.append, list.pop) and isinstance(value, Call) and isinstance(value.args[0], Name):
        yield value.args[0].id
