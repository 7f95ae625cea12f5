"""StatefulSets, and the ControllerRevisions that keep templates.

Source: kubernetes, pkg/apis/apps/v1/defaults.go, pkg/apis/apps/validation.
"""

from __future__ import annotations

from irsa_sandbox.apiserver.ground import formats
from irsa_sandbox.apiserver.ground.status import Cause
from irsa_sandbox.apiserver.kinds import claims
from irsa_sandbox.apiserver.kinds.columns import AGE, NAME, READY, Column, Row, field, template
from irsa_sandbox.apiserver.kinds.kind import IN_ALL, SCALE, STATUS, Kind, fill, fill_rolling
from irsa_sandbox.apiserver.kinds.pods.spec import fill_template
from irsa_sandbox.apiserver.store.storage import Object
from irsa_sandbox.apiserver.validation.causes import (
    at_least_zero,
    forbidden,
    invalid,
    invalid_each,
    required,
    unsupported,
)
from irsa_sandbox.apiserver.validation.selectors import selector_causes
from irsa_sandbox.apiserver.validation.workloads import (
    amount_causes,
    empty_causes,
    endless_causes,
    is_zero,
    selected_causes,
)

_STRATEGY = "spec.updateStrategy"
_STRATEGIES = ("RollingUpdate", "OnDelete")
_FREE = {
    *("replicas", "ordinals", "template", "updateStrategy", "revisionHistoryLimit"),
    *("persistentVolumeClaimRetentionPolicy", "minReadySeconds"),
}
_UPDATES = (
    "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', "
    "'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and "
    "'minReadySeconds' are forbidden"
)


def _fill(body: Object) -> None:
    spec = body["spec"]
    fill(spec, replicas=1, revisionHistoryLimit=10, podManagementPolicy="OrderedReady")
    fill(spec, updateStrategy={}, persistentVolumeClaimRetentionPolicy={})
    fill_rolling(spec["updateStrategy"], partition=0)
    fill(spec["persistentVolumeClaimRetentionPolicy"], whenDeleted="Retain", whenScaled="Retain")
    for claim in spec.get("volumeClaimTemplates") or ():
        claim |= {"apiVersion": claims.CLAIM.api_version, "kind": claims.CLAIM.kind}
        claim["spec"] = claim.get("spec") or {}
        claim["status"] = claims.first_status(claim)
        claims.fill_claim(claim)
    fill_template(spec)


def _causes(body: Object) -> list[Cause]:
    spec = body.get("spec") or {}
    causes: list[Cause] = []
    policy = spec.get("podManagementPolicy")
    if policy not in {"OrderedReady", "Parallel"}:
        text = "must be 'OrderedReady' or 'Parallel'"
        causes.append(invalid("spec.podManagementPolicy", policy, text))
    causes += _strategy_causes(spec.get("updateStrategy") or {}) + _retention_causes(spec)
    causes += at_least_zero("spec", spec, "replicas", "minReadySeconds", "revisionHistoryLimit")
    causes += at_least_zero("spec.ordinals", spec.get("ordinals") or {}, "start")
    selector, templates = spec.get("selector"), spec.get("volumeClaimTemplates") or []
    wrong = selector_causes("spec.selector", selector or {})
    causes += [required("spec.selector")] if selector is None else wrong
    causes += empty_causes(selector, "statefulset")
    if selector and not wrong:
        causes += selected_causes(spec)
    causes += endless_causes(_with_claims(spec.get("template") or {}, templates), "StatefulSet")
    return causes + _claims_causes(templates)


def _strategy_causes(strategy: Object) -> list[Cause]:
    kind, rolling = strategy.get("type"), strategy.get("rollingUpdate")
    if kind == "OnDelete" and rolling is not None:
        text = "only allowed for updateStrategy 'RollingUpdate'"
        return [invalid(f"{_STRATEGY}.rollingUpdate", rolling, text)]
    if kind not in _STRATEGIES:
        return [invalid(_STRATEGY, strategy, "must be 'RollingUpdate' or 'OnDelete'")]
    path = f"{_STRATEGY}.rollingUpdate"
    causes = at_least_zero(path, rolling or {}, "partition")
    unavailable = (rolling or {}).get("maxUnavailable")
    if unavailable is not None:
        causes += amount_causes(f"{path}.maxUnavailable", unavailable)
        if is_zero(unavailable):
            causes.append(invalid(f"{path}.maxUnavailable", unavailable, "cannot be 0"))
    return causes


def _retention_causes(spec: Object) -> list[Cause]:
    policy = spec.get("persistentVolumeClaimRetentionPolicy") or {}
    path = "spec.persistentVolumeClaimRetentionPolicy"
    return [
        unsupported(f"{path}.{name}", policy[name], ("Delete", "Retain"))
        for name in ("whenDeleted", "whenScaled")
        if policy.get(name, "Retain") not in {"Delete", "Retain"}
    ]


def _claims_causes(templates: list[Object]) -> list[Cause]:
    causes: list[Cause] = []
    for index, claim in enumerate(templates):
        place = f"spec.volumeClaimTemplates[{index}]"
        name = (claim.get("metadata") or {}).get("name", "")
        causes += invalid_each(f"{place}.metadata.name", name, formats.dns_label(name))
        causes += claims.spec_causes(f"{place}.spec", claim.get("spec") or {})
    return causes


def _with_claims(pod_template: Object, templates: list[Object]) -> Object:
    """The template with a volume for each claim: containers may mount them by name."""
    spec = pod_template.get("spec") or {}
    names = [(claim.get("metadata") or {}).get("name", "") for claim in templates]
    volumes = [
        {"name": name, "persistentVolumeClaim": {"claimName": name}}
        for name in names
        if not formats.dns_label(name)
    ]
    own = [volume for volume in spec.get("volumes") or () if volume.get("name") not in names]
    return pod_template | {"spec": spec | {"volumes": [*own, *volumes]}}


def _update_causes(before: Object, after: Object) -> list[Cause]:
    def kept(body: Object) -> Object:
        return {name: value for name, value in body["spec"].items() if name not in _FREE}

    return [] if kept(before) == kept(after) else [forbidden("spec", _UPDATES)]


def _revision_causes(body: Object) -> list[Cause]:
    causes = [] if body.get("data") is not None else [required("data", "data is mandatory")]
    return causes + at_least_zero("", {"revision": body.get("revision", 0)}, "revision")


def _controller(row: Row) -> str:
    owners = row.metadata.get("ownerReferences") or ()
    owner = next((reference for reference in owners if reference.get("controller")), None)
    if owner is None:
        return "<none>"
    group = owner["apiVersion"].rpartition("/")[0]
    return f"{owner['kind'].lower()}.{group}/{owner['name']}"


STATEFUL_SET = Kind(
    *("apps", "v1", "statefulsets", "StatefulSet"),
    short_names=("sts",),
    categories=IN_ALL,
    subresources=(STATUS, SCALE),
    columns=(NAME, READY, AGE, *template("apps.v1.StatefulSetSpec")[:2]),
    has_spec=True,
    counts_generation=True,
    first_status=lambda _: {"replicas": 0, "availableReplicas": 0},
    defaults=_fill,
    validate=_causes,
    validate_update=_update_causes,
    zeroes={
        "StatefulSetSpec": ("minReadySeconds",),
        "StatefulSetStatus": (
            *("observedGeneration", "readyReplicas"),
            *("currentReplicas", "updatedReplicas"),
        ),
    },
)
CONTROLLER_REVISION = Kind(
    *("apps", "v1", "controllerrevisions", "ControllerRevision"),
    columns=(
        NAME,
        Column("Controller", "Controller of the object", _controller),
        field("Revision", "apps.v1.ControllerRevision.revision", 0),
        AGE,
    ),
    validate=_revision_causes,
    immutable=("data",),
)
