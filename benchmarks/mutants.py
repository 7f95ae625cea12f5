"""Broken forms of a module: one small change each, which a test should notice."""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

OTHERS: dict[type[ast.AST], type[ast.AST]] = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.And: ast.Or,
    ast.Or: ast.And,
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
}
OPPOSITES = {"any": "all", "all": "any", "min": "max", "max": "min"}
REMOVED = ast.AugAssign | ast.Raise | ast.Continue | ast.Break | ast.Delete
# What says nothing at run time, or keeps a result that would be the same without it.
PASSED_OVER = {"annotation", "returns", "decorator_list", "type_params"}
SHOWN = 60


@dataclass(frozen=True)
class Mutant:
    """A module's text with one change in the statement on these lines."""

    lines: range
    change: str
    text: str


def mutants_of(source: str) -> list[Mutant]:
    """Every mutant of a module's source that differs from it."""
    tree = ast.parse(source)
    return list(_below(tree, tree, range(0)))


def _below(tree: ast.AST, parent: ast.AST, statement: range) -> Iterator[Mutant]:
    for name, value in ast.iter_fields(parent):
        if name in PASSED_OVER or _is_type(parent):
            continue
        members = value if isinstance(value, list) else [value]
        for index, node in enumerate(members):
            if not isinstance(node, ast.AST) or _is_for_readers(node) or _is_text(node, parent):
                continue
            first = node.lineno if isinstance(node, ast.stmt) else statement.start
            lines = range(first, (getattr(node, "end_lineno", 0) or first) + 1)
            for other in _others(node):
                put(parent, name, index, other)
                change = f"{_shown(node)}  ->  {_shown(other)}"
                text = ast.unparse(ast.fix_missing_locations(tree))
                put(parent, name, index, node)
                yield Mutant(lines, change, text)
            yield from _below(tree, node, lines)


def put(parent: ast.AST, name: str, index: int, node: ast.AST) -> None:
    """Set a member of a node, or one element of a member that is a list."""
    value = getattr(parent, name)
    if isinstance(value, list):
        value[index] = node
    else:
        setattr(parent, name, node)


def _is_for_readers(node: ast.AST) -> bool:
    """Whether it is a docstring, or the list of a module's public names."""
    if isinstance(node, ast.Assign):
        return ast.unparse(node.targets[0]) == "__all__"
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _is_text(node: ast.AST, parent: ast.AST) -> bool:
    """Whether it is a string that nothing is compared with: what it says is for people."""
    is_string = isinstance(node, ast.Constant) and isinstance(node.value, str)
    return is_string and not isinstance(parent, ast.Compare | ast.Set | ast.Tuple | ast.List)


def _is_type(node: ast.AST) -> bool:
    return isinstance(node, ast.Subscript) and ast.unparse(node.value) in {"Literal", "Callable"}


def _shown(node: ast.AST) -> str:
    text = " ".join(ast.unparse(node).split())
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"


def _others(node: Any) -> Iterator[ast.AST]:
    """What may stand in a node's place."""
    if isinstance(node, ast.Compare):
        for index, operator in enumerate(node.ops):
            changed = copy.copy(node)
            changed.ops = [*node.ops]
            changed.ops[index] = OTHERS[type(operator)]()  # type: ignore[call-overload]
            yield changed
    elif isinstance(node, ast.BoolOp):
        yield ast.BoolOp(OTHERS[type(node.op)](), node.values)  # type: ignore[arg-type]
        for index in range(len(node.values)):
            rest = [value for at, value in enumerate(node.values) if at != index]
            yield ast.BoolOp(node.op, rest) if len(rest) > 1 else rest[0]
    elif isinstance(node, ast.BinOp) and type(node.op) in OTHERS:
        yield ast.BinOp(node.left, OTHERS[type(node.op)](), node.right)  # type: ignore[arg-type]
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield node.operand
    elif isinstance(node, ast.Constant):
        yield from _other_constants(node.value)
    elif isinstance(node, ast.Call) and getattr(node.func, "id", "") in OPPOSITES:
        name = ast.Name(OPPOSITES[node.func.id], ast.Load())  # type: ignore[attr-defined]
        yield ast.Call(name, node.args, node.keywords)
    elif isinstance(node, ast.If | ast.IfExp) and isinstance(node.test, ast.Name | ast.Call):
        changed = copy.copy(node)
        changed.test = ast.UnaryOp(ast.Not(), node.test)
        yield changed
    elif isinstance(node, ast.comprehension) and node.ifs:
        yield ast.comprehension(node.target, node.iter, [], node.is_async)
    elif isinstance(node, ast.Return) and not _is_none(node.value):
        yield ast.Return(ast.Constant(None))
    elif isinstance(node, REMOVED | ast.Expr):
        yield ast.Pass()


def _is_none(node: ast.AST | None) -> bool:
    return node is None or (isinstance(node, ast.Constant) and node.value is None)


def _other_constants(value: Any) -> Iterator[ast.AST]:
    """Another constant of the same kind; a sentence is left as it is."""
    if isinstance(value, bool):
        yield ast.Constant(not value)
    elif isinstance(value, int):
        yield ast.Constant(value + 1)
    elif isinstance(value, str) and " " not in value:
        yield ast.Constant("" if value else "x")
