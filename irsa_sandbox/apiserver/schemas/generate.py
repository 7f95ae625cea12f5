"""Write `definitions.json.gz`: the published schemas of the kinds that the API server reads.

A developer's tool: `python -m irsa_sandbox.apiserver.schemas.generate`. The source is the
package kubernetes-validate (Apache-2.0), which carries Kubernetes' own OpenAPI definitions.
"""

from __future__ import annotations

import gzip
import json
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from irsa_sandbox.apiserver.kinds import KINDS
from irsa_sandbox.apiserver.published.discovery import REVIEWS
from irsa_sandbox.apiserver.schemas import enums

VERSION = "v1.36.0-local"
OUTPUT = Path(__file__).with_name("definitions.json.gz")
# Named types whose JSON form is a text or a number.
SCALARS = {
    "io.k8s.apimachinery.pkg.api.resource.Quantity": {
        "oneOf": [{"type": "string"}, {"type": "number"}]
    },
    "io.k8s.apimachinery.pkg.apis.meta.v1.Time": {"type": "string", "format": "date-time"},
    "io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime": {"type": "string", "format": "date-time"},
    "io.k8s.apimachinery.pkg.util.intstr.IntOrString": {
        "format": "int-or-string",
        "oneOf": [{"type": "integer"}, {"type": "string"}],
    },
}
EXTRA = ("io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions",)
NOT_PUBLISHED = {"PodExecOptions", "PodAttachOptions"}  # they come as a query
# Kinds that are sent and never stored: reviews, and the bodies of subresources.
SENT = (
    *((group, version, kind) for group, version, _, kind, _ in REVIEWS),
    *((part.group, "v1", part.kind) for kind in KINDS for part in kind.subresources if part.kind),
)


def build() -> dict[str, Any]:
    """Definition name -> OpenAPI v3 schema, for the stored kinds and all they refer to."""
    source = _published()
    wanted = [_name_of(source, r.group, r.version, r.kind) for r in KINDS] + list(EXTRA)
    wanted += [_name_of(source, *sent) for sent in SENT if sent[2] not in NOT_PUBLISHED]
    definitions: dict[str, Any] = {}
    while wanted:
        name = wanted.pop()
        if name in definitions:
            continue
        definitions[name] = SCALARS.get(name) or _converted(source[name], wanted)
    for (name, field), listed in enums.values().items():
        if name in definitions:
            definitions[name]["properties"][field]["enum"] = listed
    return dict(sorted(definitions.items()))


def _published() -> dict[str, Any]:
    spec = find_spec("kubernetes_validate")
    assert spec is not None
    assert spec.origin is not None
    folder = Path(spec.origin).parent / "kubernetes-json-schema" / VERSION
    definitions: dict[str, Any] = json.loads((folder / "_definitions.json").read_text())["$defs"]
    return definitions


def _name_of(source: dict[str, Any], group: str, version: str, kind: str) -> str:
    for name, schema in source.items():
        for named in schema.get("x-kubernetes-group-version-kind") or ():
            if (named["group"], named["version"], named["kind"]) == (group, version, kind):
                return name
    raise LookupError(f"{group}/{version} {kind}")


def _converted(schema: Any, wanted: list[str]) -> Any:
    """JSON Schema as OpenAPI v3: null types go, a reference with neighbours moves into allOf."""
    if isinstance(schema, list):
        return [_converted(item, wanted) for item in schema]
    if not isinstance(schema, dict):
        return schema
    converted = {key: _converted(value, wanted) for key, value in schema.items()}
    if isinstance(converted.get("type"), list):
        kinds = [kind for kind in converted["type"] if kind != "null"]
        converted["type"] = kinds[0] if len(kinds) == 1 else kinds
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        wanted.append(name)
        reference = {"$ref": f"#/components/schemas/{name}"}
        rest = {key: value for key, value in converted.items() if key != "$ref"}
        return {**rest, "allOf": [reference]} if rest else reference
    return converted


def main() -> None:
    """Write the file."""
    text = json.dumps(build(), separators=(",", ":"), sort_keys=True).encode()
    with OUTPUT.open("wb") as stream, gzip.GzipFile("", "wb", 9, stream, mtime=0) as packed:
        packed.write(text)


if __name__ == "__main__":
    main()
