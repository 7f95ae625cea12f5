"""What a role's permission policies name: actions, and the resources they are allowed on."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

# Source: Service Authorization Reference, Amazon S3: actions on objects, and actions on buckets.
OBJECT_ACTIONS = ("s3:getobject", "s3:putobject", "s3:deleteobject", "s3:abortmultipartupload")
BUCKET_ACTIONS = ("s3:listbucket", "s3:getbucket", "s3:putbucket", "s3:deletebucket")
BUCKET = re.compile(r"arn:[^:]*:s3:::([^/*?]+)")
SECRET = re.compile(r"arn:[^:]*:secretsmanager:[^:]*:\d{12}:secret:[^*?]+")
TABLE = re.compile(r"arn:[^:]*:dynamodb:[^:]*:\d{12}:table/([^/*?]+)")

Document = dict[str, Any]


def allowing(documents: list[Document]) -> Iterator[Document]:
    """The statements that allow something."""
    for document in documents:
        statements = document.get("Statement", [])
        for statement in statements if isinstance(statements, list) else [statements]:
            if statement.get("Effect") == "Allow":
                yield statement


def texts(value: Any) -> list[str]:
    """One or several strings, as a policy may write either."""
    return [value] if isinstance(value, str) else list(value)


def resources(documents: list[Document]) -> list[str]:
    """The resources that something is allowed on, each once."""
    found = (texts(statement.get("Resource", ())) for statement in allowing(documents))
    return sorted({resource for each in found for resource in each})


def buckets(documents: list[Document]) -> list[str]:
    """The names of the buckets that the policies name whole."""
    wholes = (BUCKET.fullmatch(resource.partition("/")[0]) for resource in resources(documents))
    return sorted({match.group(1) for match in wholes if match})


def uses(documents: list[Document]) -> Iterator[tuple[str, str]]:
    """(action, resource) pairs that the policies plainly allow; `any` stands for a `*`."""
    for statement in allowing(documents):
        for action in texts(statement.get("Action", ())):
            for resource in texts(statement.get("Resource", ())):
                if "*" not in action:
                    yield action, resource.replace("*", "any")


def mismatched(documents: list[Document]) -> Iterator[str]:
    """S3 actions that no statement allows on a resource of the right kind, in words."""
    places: dict[str, list[str]] = {}
    for statement in allowing(documents):
        for action in texts(statement.get("Action", ())):
            places.setdefault(action, []).extend(texts(statement.get("Resource", ())))
    for action, found in places.items():
        listed = ", ".join(found)
        if action.lower().startswith(OBJECT_ACTIONS) and all(map(BUCKET.fullmatch, found)):
            yield f"{action} is allowed on {listed}, but acts on objects: add /*"
        if action.lower().startswith(BUCKET_ACTIONS) and all("/" in each for each in found):
            yield f"{action} is allowed on {listed}, but acts on the bucket itself: without /*"
