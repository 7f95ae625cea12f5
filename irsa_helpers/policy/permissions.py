"""What a role's permission policies name: actions, and the resources they are allowed on."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from irsa_helpers.policy.lists import listed, statements
from irsa_helpers.policy.variables import LITERALS

# Source: Service Authorization Reference, Amazon S3: actions on objects, and actions on buckets.
OBJECT_ACTIONS = ("s3:getobject", "s3:putobject", "s3:deleteobject", "s3:abortmultipartupload")
BUCKET_ACTIONS = ("s3:listbucket", "s3:getbucket", "s3:putbucket", "s3:deletebucket")
BUCKET = re.compile(r"arn:[^:]*:s3:::([^/*?]+)")
SECRET = re.compile(r"arn:[^:]*:secretsmanager:[^:]*:\d{12}:secret:[^*?]+")
TABLE = re.compile(r"arn:[^:]*:dynamodb:[^:]*:\d{12}:table/([^/*?]+)")

# A variable in a resource. Source: IAM User Guide, "IAM policy elements: Variables and tags".
VARIABLE = re.compile(r"\$\{([^,}]*)[^}]*\}")

Document = dict[str, Any]

# The policy of one who is held back by other policies alone.
EVERYTHING: Document = {
    "Version": "2012-10-17",
    "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"},
}


def is_on_objects(action: str) -> bool:
    """Whether an action of S3 is one on objects."""
    return action.lower().startswith(OBJECT_ACTIONS)


def is_on_buckets(action: str) -> bool:
    """Whether an action of S3 is one on buckets."""
    return action.lower().startswith(BUCKET_ACTIONS)


def allowing(documents: Iterable[Mapping[str, Any]]) -> Iterator[Document]:
    """The statements that allow something."""
    for document in documents:
        yield from (
            statement for statement in statements(document) if statement.get("Effect") == "Allow"
        )


def resources(documents: list[Document]) -> list[str]:
    """The resources that something is allowed on, each once."""
    return sorted(
        {
            resource
            for statement in allowing(documents)
            for resource in listed(statement.get("Resource", ()))
        }
    )


def actions(documents: list[Document]) -> set[str]:
    """The actions that something is allowed by, as they are written."""
    return {
        action
        for statement in allowing(documents)
        for action in listed(statement.get("Action", ()))
    }


def buckets(documents: list[Document]) -> list[str]:
    """The names of the buckets that the policies name whole."""
    wholes = (BUCKET.fullmatch(resource.partition("/")[0]) for resource in resources(documents))
    return sorted({match.group(1) for match in wholes if match})


def secrets(documents: list[Document]) -> list[str]:
    """The ARNs of the secrets that the policies name whole."""
    return [resource for resource in resources(documents) if SECRET.fullmatch(resource)]


def tables(documents: list[Document]) -> list[str]:
    """The ARNs of the DynamoDB tables that the policies name whole."""
    return [resource for resource in resources(documents) if TABLE.fullmatch(resource)]


@dataclass(frozen=True)
class Use:
    """Something the app would do: an action on a resource, where `any` stands for a `*`."""

    action: str
    resource: str

    def is_on(self, name: str) -> bool:
        """Whether it is on that bucket (by name) or secret (by ARN)."""
        return self.resource == name or self.resource.partition("/")[0].endswith(f":::{name}")


def uses(documents: list[Document]) -> Iterator[Use]:
    """What the policies plainly allow."""
    for statement in allowing(documents):
        for action in listed(statement.get("Action", ())):
            for resource in listed(statement.get("Resource", ())):
                if "*" not in action:
                    yield Use(action, resource.replace("*", "any"))


def mismatched(documents: list[Document]) -> Iterator[str]:
    """S3 actions that no statement allows on a resource of the right kind, in words."""
    places: dict[str, list[str]] = {}
    for statement in allowing(documents):
        for action in listed(statement.get("Action", ())):
            # Without Resource it has NotResource: nearly all that there is.
            places.setdefault(action, []).extend(listed(statement.get("Resource", "*")))
    for action, resources_of in places.items():
        where = ", ".join(resources_of)
        if is_on_objects(action) and all(map(BUCKET.fullmatch, resources_of)):
            yield f"{action} is allowed on {where}, but acts on objects: add /*"
        if is_on_buckets(action) and all("/" in resource for resource in resources_of):
            yield f"{action} is allowed on {where}, but acts on the bucket itself: without /*"


def with_fitting_resources(document: Document, renamed: Mapping[str, str]) -> Document:
    """The policy with `/*` put to buckets for actions on objects, and taken away for the others.

    What it denies stays as it is written: nobody asked for more to be denied. `renamed` gives the
    right name of a bucket for a wrong one.
    """
    mended = [
        _fitting(statement, renamed) if statement.get("Effect") == "Allow" else statement
        for statement in statements(document)
    ]
    return document if mended == statements(document) else {**document, "Statement": mended}


def with_values(document: Document, values: Mapping[str, str]) -> Document:
    """The policy with the caller's own values for the variables in resources that it allows.

    `values` are by key in small letters. What is not known of the caller is taken for its good, as
    a `*`; in what is denied a variable stays as it is written.
    """

    def value_of(variable: re.Match[str]) -> str:
        key = variable[1].strip().lower()
        return variable[0] if key in LITERALS else values.get(key, "*")

    def valued(statement: Document) -> Document:
        if statement.get("Effect") != "Allow" or "Resource" not in statement:
            return statement
        written = [VARIABLE.sub(value_of, text) for text in listed(statement["Resource"])]
        return (
            statement
            if written == listed(statement["Resource"])
            else statement | {"Resource": written}
        )

    mended = [valued(statement) for statement in statements(document)]
    return document if mended == statements(document) else {**document, "Statement": mended}


def _fitting(statement: Document, renamed: Mapping[str, str]) -> Document:
    actions = listed(statement.get("Action", ()))
    objects, itself = any(map(is_on_objects, actions)), any(map(is_on_buckets, actions))
    written, wanted = listed(statement.get("Resource", ())), []
    for resource in written:
        arn, slash, rest = resource.partition("/")
        bucket = BUCKET.fullmatch(arn)
        if bucket is None or not (objects or itself):
            wanted.append(resource)
            continue
        arn = arn.replace(bucket[1], renamed.get(bucket[1], bucket[1]))
        wanted += [arn] * itself + [f"{arn}/{rest if slash else '*'}"] * objects
    same = wanted == written
    return statement if same else {**statement, "Resource": list(dict.fromkeys(wanted))}


def whole_services(document: Document) -> Iterator[str]:
    """Each Allow of all of a service's actions, or of all but some, in words."""
    for statement in allowing([document]):
        where = ", ".join(listed(statement.get("Resource", "*")))
        for action in listed(statement.get("Action", ())):
            if action == "*" or action.endswith(":*"):
                yield f"{action} is allowed on {where}"
        if "NotAction" in statement:
            yield f"all but {', '.join(listed(statement['NotAction']))} is allowed on {where}"


def excepting(policy: Document, role_arn: str, labels: Collection[str]) -> Document:
    """A resource's policy whose named denials spare that role: they name it no more, or except it.

    `labels` are the Sid, or `statement N`, of those that hit it; all else stays as it is.
    """
    kept = []
    for index, statement in enumerate(statements(policy)):
        if label_of(statement, index) in labels:
            if statement.get("Principal") in ({"AWS": role_arn}, {"AWS": [role_arn]}):
                continue
            condition = {k: dict(v) for k, v in statement.get("Condition", {}).items()}
            block = condition.setdefault("ArnNotEquals", {})
            block["aws:PrincipalArn"] = [*listed(block.get("aws:PrincipalArn", ())), role_arn]
            statement = {**statement, "Condition": condition}
        kept.append(statement)
    return {**policy, "Statement": kept}


def without(policy: Document, labels: Collection[str]) -> Document:
    """The policy without the statements of those labels."""
    kept = [
        statement
        for index, statement in enumerate(statements(policy))
        if label_of(statement, index) not in labels
    ]
    return {**policy, "Statement": kept}


def label_of(statement: Document, index: int) -> str:
    """A statement's Sid, or its place: as decisions name it."""
    return str(statement.get("Sid") or f"statement {index + 1}")
