"""Whether the pod identity webhook is there, and is asked about the Pod."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from irsa_helpers.doctor.evidence.reading import read_kubernetes
from irsa_helpers.doctor.fixes.shell import commands, comment, patch_template, restart_command
from irsa_helpers.doctor.links.workload import NODE_ROLE, no_role_is_wanted
from irsa_helpers.doctor.result import Link, broken, ok
from irsa_helpers.policy.selectors import selects
from irsa_helpers.serviceaccounts import PREFIX

if TYPE_CHECKING:
    from irsa_helpers.doctor.evidence.case import Case

WEBHOOK = "pod-identity-webhook"
NAMESPACE_NAME = "kubernetes.io/metadata.name"
OPT_OUT = f"{PREFIX}skip-pod-identity-webhook"


def webhook(case: Case) -> Link:
    """The pod identity webhook is registered, and is asked about this Pod."""
    no_role_is_wanted(case)
    labels = case.template or (case.pod if case.pods else {})
    if OPT_OUT in (labels.get("metadata", {}).get("labels") or {}):
        return broken(
            f"the Pod's label {OPT_OUT}",
            expected="no such label",
            error=NODE_ROLE,
            fix=patch_template(case, metadata={"labels": {OPT_OUT: None}}),
        )
    hooks = _webhooks(case)
    asking = [hook for hook in hooks if _asks_about_new_pods(hook)]
    if any(_asks_about_namespace(case, hook) for hook in asking):
        return ok(", ".join(hook["name"] for hook in hooks))
    missing = "leaves this namespace out (namespaceSelector)" if asking else "has no rule for Pods"
    return broken(
        "; ".join(f"{hook['name']} {missing}" for hook in hooks)
        or "no such MutatingWebhookConfiguration",
        expected=f"the MutatingWebhookConfiguration {WEBHOOK}, called when a Pod is made",
        error=NODE_ROLE,
        fix=commands(_let_it_be_asked(case, asking), restart_command(case)),
    )


def _let_it_be_asked(case: Case, asking: list[dict[str, Any]]) -> str:
    """What lets a webhook that leaves the namespace out be asked about it again."""
    for hook in asking:
        selector, labels = hook["namespaceSelector"], _namespace_labels(case)
        wanted = {k: v for k, v in selector.get("matchLabels", {}).items() if labels.get(k) != v}
        changes = [f"{key}={value}" for key, value in wanted.items()]
        for at, expression in enumerate(selector.get("matchExpressions", [])):
            if selects({"matchExpressions": [expression]}, labels):
                continue
            if expression["key"] == NAMESPACE_NAME and expression["operator"] == "NotIn":
                path = f"/webhooks/{hook['at']}/namespaceSelector/matchExpressions/{at}"
                patch = json.dumps([{"op": "remove", "path": path}])
                kind = "mutatingwebhookconfiguration"
                return f"kubectl patch {kind} {hook['of']} --type json -p '{patch}'"
            values = expression.get("values") or [""]
            gone = expression["operator"] in {"NotIn", "DoesNotExist"}
            changes.append(f"{expression['key']}-" if gone else f"{expression['key']}={values[0]}")
        return f"kubectl label namespace {case.namespace} {' '.join(changes)}"
    return comment(f"restore {WEBHOOK}: on EKS, AWS keeps it; elsewhere apply its manifests again")


def _webhooks(case: Case) -> list[dict[str, Any]]:
    path = "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations"
    listed = read_kubernetes(case.world, "list mutatingwebhookconfigurations", path)
    return [
        hook | {"of": configuration["metadata"]["name"], "at": at}
        for configuration in (listed or {}).get("items", [])
        for at, hook in enumerate(configuration.get("webhooks", []))
        if configuration["metadata"]["name"] == WEBHOOK or "iam-for-pods" in hook["name"]
    ]


def _asks_about_new_pods(hook: dict[str, Any]) -> bool:
    return any(
        {"CREATE", "*"} & set(rule.get("operations", []))
        and {"pods", "*", "*/*"} & set(rule.get("resources", []))
        for rule in hook.get("rules", [])
    )


def _asks_about_namespace(case: Case, hook: dict[str, Any]) -> bool:
    """Whether the webhook's namespaceSelector holds for the namespace's labels."""
    selector = hook.get("namespaceSelector") or {}
    return not selector or selects(selector, _namespace_labels(case))


def _namespace_labels(case: Case) -> dict[str, str]:
    path = f"/api/v1/namespaces/{case.namespace}"
    namespace = read_kubernetes(case.world, "get namespaces", path) or {}
    return dict(namespace.get("metadata", {}).get("labels") or {})
