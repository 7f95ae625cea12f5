"""Status: how the API server says no."""

from __future__ import annotations

from typing import Any

from irsa_sandbox.apiserver.ground.resources import Resource

# A cause of a refusal: (reason, field, message).
Cause = tuple[str, str, str]


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
        body: dict[str, Any] = {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": self.message,
        }
        # The API names no reason where it knows none.
        body |= {"reason": self.reason} if self.reason else {}
        body |= {"details": self.details} if self.details is not None else {}
        return body | {"code": self.code}


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


def other_uid(resource: Resource, key: tuple[str, ...], wanted: str, actual: str) -> StatusError:
    """409: the object of that name is another one."""
    place = "/".join(filter(None, (resource.plural, *key[1:])))
    text = (
        f'Operation cannot be fulfilled on {resource.qualified} "{key[-1]}": StorageError: invalid '
        f"object, Code: 4, Key: /registry/{place}, ResourceVersion: 0, AdditionalErrorMsg: "
        f"Precondition failed: UID in precondition: {wanted}, UID in object meta: {actual}"
    )
    return StatusError(409, "Conflict", text, _details(resource, key[-1]))


def unversioned() -> StatusError:
    """500, as the API server answers: a new object has no version yet."""
    return StatusError(500, "", "resourceVersion should not be set on objects to be created")


def terminating(resource: Resource, namespace: str, name: str) -> StatusError:
    """403: the namespace is on its way out."""
    text = f"unable to create new content in namespace {namespace} because it is being terminated"
    cause = {
        "reason": "NamespaceTerminating",
        "message": f"namespace {namespace} is being terminated",
        "field": "metadata.namespace",
    }
    details = _details(resource, name, causes=[cause])
    message = f'{resource.qualified} "{name}" is forbidden: {text}'
    return StatusError(403, "Forbidden", message, details)


def forbidden(resource: Resource, name: str, why: str) -> StatusError:
    """403: something other than the caller's rights is against it."""
    text = f'{resource.qualified} "{name}" is forbidden: {why}'
    return StatusError(403, "Forbidden", text, _details(resource, name))


def bad_request(message: str) -> StatusError:
    """400."""
    return StatusError(400, "BadRequest", message)


def not_served(resource: Resource) -> StatusError:
    """405: a kind of which the sandbox has no objects."""
    text = (
        "the server does not allow this method on the requested resource: nothing in the sandbox "
        f"would act on an object of kind {resource.kind}, so it keeps none"
    )
    return StatusError(405, "MethodNotAllowed", text, {})


def internal_error(text: str) -> StatusError:
    """500: something that the server did not expect."""
    cause = {"causes": [{"message": text}]}
    return StatusError(500, "InternalError", f"Internal error occurred: {text}", cause)


def invalid(resource: Resource, name: str, causes: list[Cause]) -> StatusError:
    """422; its causes in order."""
    texts = [f"{field}: {text}" for _, field, text in causes]
    joined = texts[0] if len(texts) == 1 else f"[{', '.join(texts)}]"
    group = f".{resource.group}" if resource.group else ""
    listed = [{"reason": r, "message": m, "field": f} for r, f, m in causes]
    details: dict[str, Any] = {"name": name} if name else {}
    details |= {"group": resource.group} if resource.group else {}
    details |= {"kind": resource.kind} if resource.kind else {}
    details["causes"] = listed
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
