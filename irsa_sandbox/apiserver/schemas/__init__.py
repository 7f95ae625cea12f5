"""The published schemas of the kinds that are stored or sent, as OpenAPI v3 components.

`definitions.json.gz` is derived from Kubernetes (Copyright The Kubernetes Authors, Apache License
2.0) by `generate.py`.
"""

from __future__ import annotations

import gzip
import json
from functools import cache
from pathlib import Path
from typing import Any

PATH = Path(__file__).with_name("definitions.json.gz")


@cache
def definitions() -> dict[str, Any]:
    """Definition name -> schema; read when it is first asked for."""
    loaded: dict[str, Any] = json.loads(gzip.decompress(PATH.read_bytes()))
    return loaded


@cache
def definition_name(group: str, version: str, kind: str) -> str:
    """The definition of a kind. Raises LookupError for one that is not read."""
    for name, schema in definitions().items():
        for named in schema.get("x-kubernetes-group-version-kind") or ():
            if (named["group"], named["version"], named["kind"]) == (group, version, kind):
                return name
    raise LookupError(f"{group}/{version} {kind}")
