"""Status: how the API server says no."""

from __future__ import annotations

from typing import Any

from irsa_helpers.sandbox.apiserver.resources import Resource


class StatusError(Exception):
    """A refusal, with the body that a Kubernetes client reads."""

    def __init__(
        self, code: int, reason: str, message: str, details: dict[str, Any] | None = None
    ) -> None:
        super().__init__(message)
        self.code = code
        self.reason = reason
        self.message = message
        self.details = details

    def body(self) -> dict[str, Any]:
        """The Status object."""
        body = {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": self.message,
            "reason": self.reason,
            "code": self.code,
        }
        return body | ({"details": self.details} if self.details is not None else {})


def _details(resource: Resource, name: str, **more: Any) -> dict[str, Any]:
    group = {"group": resource.group} if resource.group else {}
    return {"name": name, **group, "kind": resource.plural, **more}


def not_found(resource: Resource, name: str) -> StatusError:
    """404: there is no object of that name."""
    message = f'{resource.qualified} "{name}" not found'
    return StatusError(404, "NotFound", message, _details(resource, name))


def already_exists(resource: Resource, name: str) -> StatusError:
    """409: an object of that name is there."""
    message = f'{resource.qualified} "{name}" already exists'
    return StatusError(409, "AlreadyExists", message, _details(resource, name))


def conflict(resource: Resource, name: str) -> StatusError:
    """409: somebody else changed the object since it was read."""
    message = (
        f'Operation cannot be fulfilled on {resource.qualified} "{name}": the object has been '
        "modified; please apply your changes to the latest version and try again"
    )
    return StatusError(409, "Conflict", message, _details(resource, name))


def bad_request(message: str) -> StatusError:
    """400."""
    return StatusError(400, "BadRequest", message)


def invalid(resource: Resource, name: str, causes: list[tuple[str, str, str]]) -> StatusError:
    """422; a cause is (reason, field, message)."""
    texts = [f"{field}: {text}" for _, field, text in causes]
    joined = texts[0] if len(texts) == 1 else f"[{', '.join(texts)}]"
    group = f".{resource.group}" if resource.group else ""
    listed = [{"reason": r, "message": m, "field": f} for r, f, m in causes]
    details: dict[str, Any] = {"kind": resource.kind, "causes": listed}
    if name:
        details["name"] = name
    if resource.group:
        details["group"] = resource.group
    return StatusError(
        422, "Invalid", f'{resource.kind}{group} "{name}" is invalid: {joined}', details
    )


def deleted(resource: Resource, body: dict[str, Any]) -> dict[str, Any]:
    """The Status of a deletion that is done."""
    metadata = body["metadata"]
    return {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Success",
        "details": _details(resource, metadata["name"], uid=metadata["uid"]),
    }


NOT_FOUND_PATH = StatusError(
    404, "NotFound", "the server could not find the requested resource", {}
)
METHOD_NOT_ALLOWED = StatusError(
    405, "MethodNotAllowed", "the server does not allow this method on the requested resource", {}
)
