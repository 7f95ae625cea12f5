"""The conditions of a webhook, in CEL: whether a request meets them, and whether they can be read.

Of what an expression may use, the `authorizer`, optional fields (`.?`) and Kubernetes' own
functions, such as `quantity` or `find`, are not here: an expression with one is told so.
Source: Kubernetes documentation, "Dynamic Admission Control", "Matching requests: matchConditions";
apiserver, pkg/admission/plugin/webhook/matchconditions and pkg/admission/plugin/cel.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from irsa_sandbox.apiserver.store.storage import Object

if TYPE_CHECKING:
    import cel

# A real server counts the cost while it evaluates, and stops when it is too high. Here the cost is
# estimated before. The worst case: each macro is nested in another, over the largest collection.
MACRO = re.compile(r"\.\s*(?:all|exists|exists_one|map|filter)\s*\(")
MOST_COST = 100_000  # about 40 ms
COST_EXCEEDED = "operation cancelled: actual cost limit exceeded"
# Ours: the time to compile an expression grows faster than its length.
LONGEST = 1_500
LONGEST_OF_ALL = 5_000  # of one configuration
ABSENT = "NotImplemented: the sandbox has no {} in CEL expressions"


class ConditionError(Exception):
    """A condition has no answer."""


@lru_cache(maxsize=256)
def _compiled(expression: str) -> cel.Program:
    # Imported here, since only webhooks with conditions need it.
    import cel

    return cel.compile(expression)


def fault(expression: str) -> str:
    """Why an expression cannot be a condition, in the compiler's words; empty where it can."""
    if len(expression) > LONGEST:
        return f"expression code point size exceeds limit: size: {len(expression)}, limit {LONGEST}"
    try:
        variables = _compiled(expression).variables()
    except ValueError as error:
        said = str(error).removeprefix(f"Failed to parse expression '{expression}': ")
        if "unsupported syntax" in said:
            return ABSENT.format(f"optional fields ({said.splitlines()[0]})")
        return "compilation failed: " + said.replace("\n|", "\n |")
    return ABSENT.format("authorizer") if "authorizer" in variables else ""


def hold(webhook: Object, request: Object) -> bool:
    """Whether an admission request meets every condition of a webhook.

    One that is not met settles it, whatever the others say. Raises ConditionError where one has no
    answer and the webhook's failurePolicy is Fail; with Ignore, the webhook is passed by.
    """
    faults: list[str] = []
    for condition in webhook.get("matchConditions") or ():
        try:
            if not _holds(condition["expression"].strip(), request):
                return False
        except ConditionError as error:
            faults.append(str(error))
    if faults and webhook.get("failurePolicy", "Fail") == "Fail":
        raise ConditionError(faults[0] if len(faults) == 1 else f"[{', '.join(faults)}]")
    return not faults


def _holds(expression: str, request: Object) -> bool:
    """The value of one condition. Raises ConditionError."""
    import cel
    from cel.stdlib import add_stdlib_to_context

    variables = {name: request.get(name) for name in ("object", "oldObject")}
    if _cost(expression, [*variables.values(), _shown(request)]) > MOST_COST:
        said = f"expression '{expression}' resulted in error: {COST_EXCEEDED}"
        raise ConditionError(said)
    context = cel.Context(variables | {"request": _shown(request)})
    add_stdlib_to_context(context, ["strings", "sets"])
    try:
        holds = _compiled(expression).execute(context)
    except Exception as error:
        # The evaluator speaks in Python's exceptions of every kind.
        said = f"expression '{expression}' resulted in error: {_why(error)}"
        raise ConditionError(said) from error
    if not isinstance(holds, bool):
        raise ConditionError(f"expression '{expression}' resulted in error: must evaluate to bool")
    return holds


def _cost(expression: str, variables: list[Any]) -> int:
    """At most how many values an expression goes over."""
    macros = len(MACRO.findall(expression))
    if not macros:
        return 0
    growing = expression.count(",") + expression.count("+") + 1
    return int(max(growing, *map(_largest, variables), 2) ** min(macros, 64))


def _largest(value: Any) -> int:
    """The size of the largest collection in a value."""
    if isinstance(value, dict):
        return max(len(value), *map(_largest, value.values()), 0)
    if isinstance(value, list):
        return max(len(value), *map(_largest, value), 0)
    return 0


def _shown(request: Object) -> Object:
    """The request without the objects, which are variables of their own."""
    return {n: v for n, v in request.items() if n not in {"object", "oldObject"}}


def _why(error: Exception) -> str:
    """What Go's evaluator says of the same."""
    text = str(error.args[0]) if error.args else ""
    if isinstance(error, KeyError):
        return f"no such key: {text}"
    if isinstance(error, ZeroDivisionError):
        return "division by zero"
    if isinstance(error, TypeError):
        return "no such overload"
    if text.startswith("Undefined variable or function: '"):
        return ABSENT.format("function {}".format(text.split("'")[1]))
    return text
