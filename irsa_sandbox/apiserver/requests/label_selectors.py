"""Label selectors, read as the API server reads them.

Source: apimachinery, pkg/labels/selector.go: its lexer, its grammar and its sentences.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from irsa_sandbox.apiserver.ground import formats
from irsa_sandbox.apiserver.ground.status import bad_request

Labels = Mapping[str, str]
_TOKEN = re.compile(r"\s*(==|!=|[=!(),<>]|[^\s=!(),<>]+)")
_SYMBOLS = {"=", "==", "!=", "!", "(", ")", ",", "<", ">"}
_OPERATORS = ("in", "notin", "=", "==", "!=", "gt", "lt")
_NAMES = {"=": "=", "==": "=", "!=": "!=", "in": "in", "notin": "notin", ">": "gt", "<": "lt"}


@dataclass(frozen=True)
class Requirement:
    """One condition on a label: an operator and the values it compares with."""

    key: str
    operator: str
    values: frozenset[str]

    def holds(self, labels: Labels) -> bool:
        """Whether labels fulfil it."""
        value = labels.get(self.key)
        if self.operator in {"exists", "!"}:
            return (value is not None) is (self.operator == "exists")
        if self.operator in {"gt", "lt"}:
            return value is not None and self._compares(value)
        return (value in self.values) is (self.operator in {"=", "in"})

    def _compares(self, value: str) -> bool:
        if not re.fullmatch(r"[+-]?\d+", value):
            return False
        bound = int(next(iter(self.values)))
        return int(value) > bound if self.operator == "gt" else int(value) < bound


class _Parser:
    """Reads the tokens of a selector; a ValueError says what it found in place of what."""

    def __init__(self, text: str) -> None:
        self._tokens: list[str] = [*_TOKEN.findall(text), ""]

    def _next(self) -> str:
        return self._tokens[0]

    def _take(self) -> str:
        return self._tokens.pop(0) if len(self._tokens) > 1 else self._tokens[0]

    def requirements(self) -> list[Requirement]:
        requirements: list[Requirement] = []
        while token := self._next():
            if token in _SYMBOLS and token != "!":
                raise ValueError(f"found '{token}', expected: !, identifier, or 'end of string'")
            try:
                requirements.append(self._requirement())
            except ValueError as error:
                raise ValueError(f"unable to parse requirement: {error}") from error
            if not (token := self._take()):
                break
            if token != ",":
                raise ValueError(f"found '{token}', expected: ',' or 'end of string'")
            after = self._next()
            if not after or (after in _SYMBOLS and after != "!"):
                raise ValueError(f"found '{after}', expected: identifier after ','")
        return requirements

    def _requirement(self) -> Requirement:
        absent = self._next() == "!"
        if absent:
            self._take()
        key = self._identifier()
        if faults := formats.qualified_name(key):
            raise ValueError(f'<nil>: Invalid value: "{key}": {"; ".join(faults)}')
        if absent or self._next() in {"", ","}:
            return Requirement(key, "!" if absent else "exists", frozenset())
        operator = self._take()
        if operator not in _NAMES:
            raise ValueError(f"found '{operator}', expected: {', '.join(_OPERATORS)}")
        name = _NAMES[operator]
        values = self._values() if name in {"in", "notin"} else self._exact_value()
        _check_values(key, name, values)
        return Requirement(key, name, frozenset(values))

    def _identifier(self) -> str:
        token = self._take()
        if not token or token in _SYMBOLS:
            raise ValueError(f"found '{token}', expected: identifier")
        return token

    def _exact_value(self) -> list[str]:
        return [""] if self._next() in {"", ","} else [self._identifier()]

    def _values(self) -> list[str]:
        opening = self._take()
        if opening != "(":
            raise ValueError(f"found '{opening}' expected: '('")
        values: list[str] = []
        while (token := self._take()) != ")":
            if token == ",":
                # An empty value stands before, between or after commas.
                values += [""] if not values or self._next() in {",", ")"} else []
            elif not token or token in _SYMBOLS:
                raise ValueError(f"found '{token}', expected: ',', ')' or identifier")
            else:
                values.append(token)
                if self._next() not in {",", ")"}:
                    raise ValueError(f"found '{self._next()}', expected: ',' or ')'")
        return values or [""]


def _check_values(key: str, operator: str, values: list[str]) -> None:
    for index, value in enumerate(sorted(set(values))):
        if operator in {"gt", "lt"} and not re.fullmatch(r"[+-]?\d+", value):
            raise ValueError(
                f"values[{index}]: Invalid value: \"{value}\": for 'Gt', 'Lt' operators, the "
                "value must be an integer"
            )
        if faults := formats.label_value(value):
            text = "; ".join(faults)
            raise ValueError(f'values[{index}][{key}]: Invalid value: "{value}": {text}')


def label_selector(text: str) -> Callable[[Labels], bool]:
    """A test of an object's labels. Raises StatusError 400 for a selector it cannot read."""
    try:
        requirements = _Parser(text).requirements()
    except ValueError as error:
        raise bad_request(str(error)) from error
    return lambda labels: all(requirement.holds(labels) for requirement in requirements)
