"""Names, labels and annotations: which are allowed, and how a refusal is worded.

Source: Kubernetes documentation, "Object Names and IDs" and "Labels and Selectors"; the sentences
are the API server's.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator

from irsa_helpers.sandbox.apiserver.resources import Resource
from irsa_helpers.sandbox.apiserver.status import invalid
from irsa_helpers.sandbox.apiserver.storage import Object

_SUBDOMAIN = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*"
_LABEL = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"
# RBAC names are path segments: colons are allowed.
_FREE = "rbac.authorization.k8s.io"
LABEL_RULE = (
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', "
    "and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', "
    f"regex used for validation is '{_LABEL}')"
)
SUBDOMAIN_RULE = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, "
    "'-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', "
    f"regex used for validation is '{_SUBDOMAIN}')"
)
# Vowels and look-alikes are left out, as in apimachinery's rand.SafeEncodeString.
SAFE_ALPHABET = "bcdfghjklmnpqrstvwxz2456789"


def check_name(resource: Resource, name: str) -> None:
    """Raises StatusError 422 where the name is missing or not of the kind's form."""
    if not name:
        cause = ("FieldValueRequired", "metadata.name", "Required value: name or generateName")
        raise invalid(resource, "", [(cause[0], cause[1], f"{cause[2]} is required")])
    if resource.group == _FREE:
        return
    label = resource.kind in {"Namespace", "Service"}
    pattern, longest = (_LABEL, 63) if label else (_SUBDOMAIN, 253)
    if re.fullmatch(pattern, name) and len(name) <= longest:
        return
    rule = LABEL_RULE if label else SUBDOMAIN_RULE
    text = f'Invalid value: "{name}": {rule}'
    raise invalid(resource, name, [("FieldValueInvalid", "metadata.name", text)])


def generated_name(prefix: str) -> str:
    """The prefix and five random characters. Source: API conventions, generateName."""
    return prefix[:58] + "".join(secrets.choice(SAFE_ALPHABET) for _ in range(5))


_QUALIFIED = r"([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"
_VALUE = rf"({_QUALIFIED})?"
_NAME_RULE = (
    "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end "
    "with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for "
    f"validation is '{_QUALIFIED}')"
)
_VALUE_RULE = (
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', "
    "and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or "
    f"'12345', regex used for validation is '{_VALUE}')"
)


def check_metadata(resource: Resource, body: Object) -> None:
    """Raises StatusError 422 for a label or an annotation that is not allowed."""
    metadata = body["metadata"]
    causes = []
    for field in ("labels", "annotations"):
        for key, value in (metadata.get(field) or {}).items():
            wrong = [(key, rule) for rule in _key_faults(key)]
            if field == "labels":
                wrong += [(value, rule) for rule in _value_faults(value)]
            causes += [
                ("FieldValueInvalid", f"metadata.{field}", f'Invalid value: "{text}": {rule}')
                for text, rule in wrong
            ]
    if causes:
        raise invalid(resource, metadata.get("name", ""), causes)


def _key_faults(key: str) -> Iterator[str]:
    prefix, slash, name = key.rpartition("/")
    if not name:
        yield "name part must be non-empty"
    elif len(name) > 63:
        yield "name part must be no more than 63 bytes"
    if not re.fullmatch(_QUALIFIED, name):
        yield _NAME_RULE
    if slash and not re.fullmatch(_SUBDOMAIN, prefix.lower()):
        yield f"prefix part {SUBDOMAIN_RULE}"


def _value_faults(value: str) -> Iterator[str]:
    if len(value) > 63:
        yield "must be no more than 63 bytes"
    if not re.fullmatch(_VALUE, value):
        yield _VALUE_RULE
