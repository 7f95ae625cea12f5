"""Which webhooks want a request: rules, selectors and conditions.

All kinds are served in one version here, so `matchPolicy: Equivalent` finds no more than `Exact`.
Source: apiserver, pkg/admission/plugin/webhook: generic/webhook.go and predicates.
"""

from __future__ import annotations

from irsa_helpers.policy.selectors import selects
from irsa_sandbox.apiserver.admission.admission_request import Admission
from irsa_sandbox.apiserver.ground.status import forbidden
from irsa_sandbox.apiserver.kinds.namespaces import NAMESPACE
from irsa_sandbox.apiserver.kinds.webhook_configurations import GROUP
from irsa_sandbox.apiserver.store.storage import Object, Store
from irsa_sandbox.apiserver.validation import match_conditions


def exempt(admission: Admission) -> bool:
    """Whether no webhook is asked: what registers webhooks cannot be refused by one."""
    return admission.target.resource.group == GROUP


def wants(store: Store, webhook: Object, admission: Admission) -> bool:
    """Whether a webhook is to be asked about a request: by its rules, selectors and conditions.

    Raises StatusError 403 where a condition has no answer and the webhook must not fail.
    """
    return (
        any(_rule_matches(rule, admission) for rule in webhook.get("rules") or ())
        and _namespace_fits(store, webhook.get("namespaceSelector"), admission)
        and _object_fits(webhook.get("objectSelector"), admission)
        and _conditions_hold(webhook, admission)
    )


def _rule_matches(rule: Object, admission: Admission) -> bool:
    def covers(member: str, wanted: str) -> bool:
        listed = rule.get(member) or ()
        return "*" in listed or wanted in listed

    target = admission.target
    scope = "Namespaced" if target.resource.namespaced else "Cluster"
    return (
        covers("operations", admission.operation)
        and covers("apiGroups", target.resource.group)
        and covers("apiVersions", target.resource.version)
        and any(
            _names(pattern, target.resource.plural, target.subresource)
            for pattern in rule.get("resources") or ()
        )
        and rule.get("scope", "*") in {"*", scope}
    )


def _names(pattern: str, plural: str, subresource: str) -> bool:
    """Whether a rule's resource is this one: `pods` is Pods alone, `pods/*` their parts as well."""
    resource, _, part = pattern.partition("/")
    return resource in {"*", plural} and part in {"*", subresource}


def _namespace_fits(store: Store, selector: Object | None, admission: Admission) -> bool:
    """By the namespace's labels; what is in no namespace fits any selector."""
    if not selector or not admission.namespace:
        return True
    target = admission.target
    if target.resource is NAMESPACE and not target.subresource and admission.object:
        return selects(selector, _labels(admission.object))
    namespace = store.get((NAMESPACE.qualified, "", admission.namespace))
    return namespace is None or selects(selector, _labels(namespace))


def _object_fits(selector: Object | None, admission: Admission) -> bool:
    """By the labels of the object as it is to be, or as it was."""
    if not selector:
        return True
    both = (admission.object, admission.old)
    return any(body and "metadata" in body and selects(selector, _labels(body)) for body in both)


def _conditions_hold(webhook: Object, admission: Admission) -> bool:
    if not webhook.get("matchConditions"):
        return True
    try:
        return match_conditions.hold(webhook, admission.request())
    except match_conditions.ConditionError as error:
        raise forbidden(admission.target.resource, admission.name, str(error)) from error


def _labels(body: Object) -> dict[str, str]:
    return body["metadata"].get("labels") or {}
