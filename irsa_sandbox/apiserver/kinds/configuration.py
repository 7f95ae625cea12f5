"""ConfigMaps and Secrets.

Source: kubernetes, pkg/apis/core/validation.
"""

from __future__ import annotations

import base64

from irsa_sandbox.apiserver.ground import formats
from irsa_sandbox.apiserver.ground.go_json import syntax_fault
from irsa_sandbox.apiserver.ground.status import Cause
from irsa_sandbox.apiserver.kinds.columns import AGE, NAME, Column, field
from irsa_sandbox.apiserver.kinds.kind import Kind, fields, fill
from irsa_sandbox.apiserver.store.storage import Object
from irsa_sandbox.apiserver.validation.causes import (
    forbidden,
    invalid,
    invalid_each,
    required,
    too_long,
)

LARGEST_BYTES = 1024 * 1024
ACCOUNT = "kubernetes.io/service-account.name"
# Type of a Secret -> the keys that it must have.
SECRET_KEYS: dict[str, tuple[str, ...]] = {
    "kubernetes.io/dockercfg": (".dockercfg",),
    "kubernetes.io/dockerconfigjson": (".dockerconfigjson",),
    "kubernetes.io/ssh-auth": ("ssh-privatekey",),
    "kubernetes.io/tls": ("tls.crt", "tls.key"),
}
FINAL_DATA = "field is immutable when `immutable` is set"


def _fill_secret(body: Object) -> None:
    fill(body, type="Opaque")
    # `stringData` is only for writing: it is stored in `data`, as base64.
    for key, text in (body.pop("stringData", None) or {}).items():
        body.setdefault("data", {})[key] = base64.b64encode(text.encode()).decode()


def _config_map_causes(body: Object) -> list[Cause]:
    causes: list[Cause] = []
    data, binary = body.get("data") or {}, body.get("binaryData") or {}
    for key in data:
        causes += invalid_each(f"data[{key}]", key, formats.config_key(key))
        if key in binary:
            text = "duplicate of key present in binaryData"
            causes.append(invalid(f"data[{key}]", key, text))
    for key in binary:
        causes += invalid_each(f"binaryData[{key}]", key, formats.config_key(key))
    return causes + _size(
        [*(text or "" for text in data.values()), *map(_decoded, binary.values())]
    )


def _decoded(text: str) -> str:
    return base64.b64decode(text).decode("latin-1")


def _size(texts: list[str]) -> list[Cause]:
    # The API server names no field here.
    large = sum(len(text.encode()) for text in texts) > LARGEST_BYTES
    return [too_long("[]", LARGEST_BYTES)] if large else []


def _secret_causes(body: Object) -> list[Cause]:
    data, kind = body.get("data") or {}, body.get("type", "Opaque")
    causes: list[Cause] = []
    for key in data:
        causes += invalid_each(f"data[{key}]", key, formats.config_key(key))
    causes += _size([_decoded(text or "") for text in data.values()])
    if kind == "kubernetes.io/service-account-token":
        if not (body["metadata"].get("annotations") or {}).get(ACCOUNT):
            causes.append(required(f"metadata.annotations[{ACCOUNT}]"))
    elif kind == "kubernetes.io/basic-auth" and not {"username", "password"} & data.keys():
        causes += [required("data[username]"), required("data[password]")]
    for key in SECRET_KEYS.get(kind, ()):
        if key not in data:
            causes.append(required(f"data[{key}]"))
        elif key.startswith(".") and (fault := syntax_fault(_decoded(data[key]))):
            causes.append(invalid(f"data[{key}]", "<secret contents redacted>", fault))
    return causes


def _final_data_causes(before: Object, after: Object) -> list[Cause]:
    if not before.get("immutable"):
        return []
    causes = [] if after.get("immutable") else [forbidden("immutable", FINAL_DATA)]
    return causes + [
        forbidden(name, FINAL_DATA)
        for name in ("data", "binaryData")
        if (before.get(name) or {}) != (after.get(name) or {})
    ]


CONFIG_MAP = Kind(
    *("", "v1", "configmaps", "ConfigMap"),
    short_names=("cm",),
    columns=(
        NAME,
        Column(
            "Data",
            "@api.core.v1.ConfigMap.data",
            lambda row: len(row.body.get("data") or {}) + len(row.body.get("binaryData") or {}),
        ),
        AGE,
    ),
    validate=_config_map_causes,
    validate_update=_final_data_causes,
)
SECRET = Kind(
    *("", "v1", "secrets", "Secret"),
    columns=(
        NAME,
        field("Type", "core.v1.Secret.type", "Opaque"),
        Column("Data", "@api.core.v1.Secret.data", lambda row: len(row.body.get("data") or {})),
        AGE,
    ),
    selectable=fields("type"),
    defaults=_fill_secret,
    validate=_secret_causes,
    immutable=("type",),
    validate_update=_final_data_causes,
)
