"""The body of `with adjoint_of(x) as x_bar:` as a function of the adjoint and of the variables that it reads."""

from __future__ import annotations

import ast
from types import FunctionType
from typing import Any

from srcdiff.frontend.names import MISSING, Scope


def hook_of(node: ast.With, name: str, scope: Scope, file: str) -> tuple[FunctionType, list[str]]:
    """The function, and the variables of the program that it takes beside the adjoint `name`. It has the file and the
    lines of the user's program, for debuggers and tracebacks."""
    body = [part for statement in node.body for part in ast.walk(statement)]
    names = [part for part in body if isinstance(part, ast.Name)]
    read = list(dict.fromkeys(n.id for n in names if isinstance(n.ctx, ast.Load)))
    stored = {n.id for n in names if isinstance(n.ctx, ast.Store)}
    free = [n for n in read if n != name and scope.is_local(n) and n not in stored]
    result = ast.Return(ast.Name(name, ast.Load()))
    arguments = ast.arguments(
        posonlyargs=[], args=[ast.arg(n) for n in (name, *free)], kwonlyargs=[], kw_defaults=[], defaults=[]
    )
    called = f"{name}_at_line_{node.lineno}"
    definition: Any = ast.FunctionDef(called, arguments, [*node.body, result], [], None)
    definition.type_params = []
    module = ast.fix_missing_locations(ast.Module([ast.copy_location(definition, node)], []))
    space = dict(scope.function.__globals__)
    for n in read:
        if not scope.is_local(n) and (value := scope.lookup(n)[1]) is not MISSING:
            space[n] = value
    exec(compile(module, file, "exec", dont_inherit=True), space)
    return space[called], free
