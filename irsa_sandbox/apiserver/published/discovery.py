"""Discovery: which groups, versions and kinds the server has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from irsa_sandbox.apiserver.kinds import KINDS, Kind
from irsa_sandbox.apiserver.kinds.kind import Subresource

AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
VERSION = {
    "major": "1",
    "minor": "36",
    "emulationMajor": "1",
    "emulationMinor": "36",
    "minCompatibilityMajor": "1",
    "minCompatibilityMinor": "35",
    "gitVersion": "v1.36.2-eks-irsalab",
    "gitCommit": "",
    "gitTreeState": "clean",
    "buildDate": "2026-08-12T00:00:00Z",
    "goVersion": "not Go",
    "compiler": "CPython",
    "platform": "linux/amd64",
}

# Kinds that are answered, not stored.
REVIEWS = (
    ("authentication.k8s.io", "v1", "tokenreviews", "TokenReview", False),
    ("authentication.k8s.io", "v1", "selfsubjectreviews", "SelfSubjectReview", False),
    ("authorization.k8s.io", "v1", "localsubjectaccessreviews", "LocalSubjectAccessReview", True),
    ("authorization.k8s.io", "v1", "selfsubjectaccessreviews", "SelfSubjectAccessReview", False),
    ("authorization.k8s.io", "v1", "selfsubjectrulesreviews", "SelfSubjectRulesReview", False),
    ("authorization.k8s.io", "v1", "subjectaccessreviews", "SubjectAccessReview", False),
)

# The order in which a real API server lists them.
GROUPS = (
    *("apps", "authentication.k8s.io", "authorization.k8s.io", "autoscaling", "batch"),
    *(
        "certificates.k8s.io",
        "networking.k8s.io",
        "policy",
        "rbac.authorization.k8s.io",
        "storage.k8s.io",
    ),
    *("admissionregistration.k8s.io", "scheduling.k8s.io", "coordination.k8s.io"),
    "discovery.k8s.io",
)


def groups() -> list[tuple[str, str]]:
    """(group, version) of every named group, in order."""
    here = {kind.group: kind.version for kind in KINDS} | {g: version for g, version, *_ in REVIEWS}
    return [(group, here[group]) for group in GROUPS if group in here]


def api_versions(server: str) -> dict[str, Any]:
    """`/api`."""
    addresses = [{"clientCIDR": "0.0.0.0/0", "serverAddress": server}]
    return {
        "kind": "APIVersions",
        "versions": ["v1"],
        "serverAddressByClientCIDRs": addresses,
    }


def api_groups() -> dict[str, Any]:
    """`/apis`."""
    listed = [_group(group, version) for group, version in groups()]
    return {"kind": "APIGroupList", "apiVersion": "v1", "groups": listed}


def api_group(name: str) -> dict[str, Any] | None:
    """`/apis/GROUP`, None for a group that is not here."""
    version = dict(groups()).get(name)
    if version is None:
        return None
    return {"kind": "APIGroup", "apiVersion": "v1", **_group(name, version)}


def _group(group: str, version: str) -> dict[str, Any]:
    one = {"groupVersion": f"{group}/{version}", "version": version}
    return {"name": group, "versions": [one], "preferredVersion": one}


def resources(group: str, version: str) -> dict[str, Any]:
    """`/api/v1` or `/apis/GROUP/VERSION`."""
    listed: list[dict[str, Any]] = []
    for kind in KINDS:
        if (kind.group, kind.version) == (group, version):
            listed += _entries(kind)
    for review_group, review_version, plural, name, namespaced in REVIEWS:
        if (review_group, review_version) == (group, version):
            listed.append(_entry(plural, name, namespaced, ["create"]))
    return {
        "kind": "APIResourceList",
        "apiVersion": "v1",
        "groupVersion": f"{group}/{version}" if group else version,
        "resources": sorted(listed, key=lambda entry: entry["name"]),
    }


def _entry(plural: str, kind: str, namespaced: bool, verbs: list[str]) -> dict[str, Any]:
    return {
        "name": plural,
        "singularName": "" if "/" in plural else kind.lower(),
        "namespaced": namespaced,
        "kind": kind,
        "verbs": verbs,
    }


def _entries(kind: Kind) -> list[dict[str, Any]]:
    """The kind and its subresources."""
    main = _entry(kind.plural, kind.kind, kind.namespaced, list(kind.verbs))
    if kind.short_names:
        main["shortNames"] = list(kind.short_names)
    if kind.categories:
        main["categories"] = list(kind.categories)
    return [main, *(_part(kind, part) for part in kind.subresources if not part.refusal)]


def _part(kind: Kind, part: Subresource) -> dict[str, Any]:
    name = f"{kind.plural}/{part.name}"
    entry = _entry(name, part.kind or kind.kind, kind.namespaced, list(part.verbs))
    return entry | ({"group": part.group, "version": "v1"} if part.group else {})


def issuer_document(issuer_url: str) -> dict[str, Any]:
    """The issuer's document as the API server has it: less than EKS publishes at the issuer.

    Source: Kubernetes documentation, "Service account issuer discovery".
    """
    return {
        "issuer": issuer_url,
        "jwks_uri": f"{issuer_url}/keys",
        "response_types_supported": ["id_token"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
    }


def wants_aggregated(headers: Mapping[str, str]) -> bool:
    """Whether the client takes all groups in one document."""
    accepted = headers.get("accept", "").replace(" ", "").split(",")
    return any(
        "as=APIGroupDiscoveryList" in media_type and "v=v2" in media_type.split(";")
        for media_type in accepted
    )


def aggregated(*, named: bool) -> dict[str, Any]:
    """`/apis` (named groups) or `/api` in one document.

    Source: Kubernetes API concepts, "Aggregated discovery".
    """
    chosen = groups() if named else [("", "v1")]
    items = [
        {
            "metadata": {"name": group} if group else {},
            "versions": [
                {
                    "version": version,
                    "resources": _discovered(group, version),
                    "freshness": "Current",
                }
            ],
        }
        for group, version in chosen
    ]
    head = {"kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2"}
    return head | {"metadata": {}, "items": items}


def _discovered(group: str, version: str) -> list[dict[str, Any]]:
    """The resources of a group, subresources within their resource."""
    by_plural: dict[str, dict[str, Any]] = {}
    for entry in resources(group, version)["resources"]:
        plural, _, subresource = entry["name"].partition("/")
        kind = {
            "group": entry.get("group", ""),
            "version": entry.get("version", ""),
            "kind": entry["kind"],
        }
        if subresource:
            below = {"subresource": subresource, "responseKind": kind, "verbs": entry["verbs"]}
            by_plural[plural].setdefault("subresources", []).append(below)
            continue
        by_plural[plural] = {
            "resource": plural,
            "responseKind": kind,
            "scope": "Namespaced" if entry["namespaced"] else "Cluster",
            "singularResource": entry["singularName"],
            "verbs": entry["verbs"],
            **{k: entry[k] for k in ("shortNames", "categories") if k in entry},
        }
    return list(by_plural.values())
