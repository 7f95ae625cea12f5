"""A Pod, and the template of one.

Source: kubernetes, pkg/apis/core/validation: ValidatePodSpec, ValidatePodTemplateSpec.
"""

from __future__ import annotations

from irsa_sandbox.apiserver.ground import formats
from irsa_sandbox.apiserver.ground.status import Cause
from irsa_sandbox.apiserver.store.storage import Object
from irsa_sandbox.apiserver.validation.causes import forbidden, invalid, invalid_each, unsupported
from irsa_sandbox.apiserver.validation.containers import containers_causes, user_causes
from irsa_sandbox.apiserver.validation.metadata import annotation_causes, label_causes
from irsa_sandbox.apiserver.validation.volumes import volumes_causes

RESTART_POLICIES = ("Always", "OnFailure", "Never")
DNS_POLICIES = ("ClusterFirstWithHostNet", "ClusterFirst", "Default", "None")
TAINT_EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")


def pod_causes(body: Object) -> list[Cause]:
    """What is wrong with a Pod."""
    spec = body.get("spec") or {}
    causes = spec_causes("spec", spec)
    for group in ("containers", "initContainers"):
        for index, container in enumerate(spec.get(group) or ()):
            image = container.get("image", "")
            if image != image.strip():
                text = "must not have leading or trailing whitespace"
                causes.append(invalid(f"spec.{group}[{index}].image", image, text))
    return causes


def template_causes(path: str, template: Object) -> list[Cause]:
    """What is wrong with the template of a Pod."""
    metadata, spec = template.get("metadata") or {}, template.get("spec") or {}
    causes = label_causes(f"{path}.labels", metadata.get("labels") or {})
    causes += annotation_causes(f"{path}.annotations", metadata.get("annotations") or {})
    causes += spec_causes(f"{path}.spec", spec)
    if spec.get("ephemeralContainers"):
        text = "ephemeral containers not allowed in pod template"
        causes.append(forbidden(f"{path}.spec.ephemeralContainers", text))
    return causes


def spec_causes(path: str, spec: Object) -> list[Cause]:
    """What is wrong with the spec of a Pod."""
    volumes, causes = volumes_causes(f"{path}.volumes", spec.get("volumes") or [])
    causes += containers_causes(path, spec, volumes)
    for name, allowed in (("restartPolicy", RESTART_POLICIES), ("dnsPolicy", DNS_POLICIES)):
        if spec.get(name, allowed[0]) not in allowed:
            causes.append(unsupported(f"{path}.{name}", spec[name], allowed))
    causes += label_causes(f"{path}.nodeSelector", spec.get("nodeSelector") or {})
    context = spec.get("securityContext") or {}
    causes += user_causes(f"{path}.securityContext", context, "runAsUser", "runAsGroup", "fsGroup")
    for name, form in (
        ("serviceAccountName", formats.dns_subdomain),
        ("nodeName", formats.dns_subdomain),
        ("hostname", formats.dns_label),
        ("subdomain", formats.dns_label),
    ):
        if value := spec.get(name):
            causes += invalid_each(f"{path}.{name}", value, form(value))
    deadline = spec.get("activeDeadlineSeconds")
    if deadline is not None and not 1 <= deadline < 2**31:
        text = "must be between 1 and 2147483647, inclusive"
        causes.append(invalid(f"{path}.activeDeadlineSeconds", deadline, text))
    return causes + toleration_causes(f"{path}.tolerations", spec.get("tolerations") or [])


def toleration_causes(path: str, tolerations: list[Object]) -> list[Cause]:
    """What is wrong with some tolerations."""
    causes: list[Cause] = []
    for index, toleration in enumerate(tolerations):
        place, key, value = (
            f"{path}[{index}]",
            toleration.get("key", ""),
            toleration.get("value", ""),
        )
        operator, effect = toleration.get("operator", ""), toleration.get("effect", "")
        if key:
            causes += invalid_each(f"{place}.key", key, formats.qualified_name(key))
        elif operator != "Exists":
            text = 'operator must be Exists when `key` is empty, which means "match all values and '
            causes.append(invalid(f"{place}.operator", operator, f'{text}all keys"'))
        if toleration.get("tolerationSeconds") is not None and effect != "NoExecute":
            text = "effect must be 'NoExecute' when `tolerationSeconds` is set"
            causes.append(invalid(f"{place}.effect", effect, text))
        if operator in {"Equal", ""}:
            if faults := formats.label_value(value):
                causes.append(invalid(f"{place}.operator", value, ";".join(faults)))
        elif operator != "Exists":
            causes.append(unsupported(f"{place}.operator", operator, ("Equal", "Exists")))
        elif value:
            text = "value must be empty when `operator` is 'Exists'"
            causes.append(invalid(f"{place}.operator", value, text))
        if effect and effect not in TAINT_EFFECTS:
            causes.append(unsupported(f"{place}.effect", effect, TAINT_EFFECTS))
    return causes
