"""MutatingWebhookConfigurations and ValidatingWebhookConfigurations.

Source: kubernetes, pkg/apis/admissionregistration/v1/defaults.go and validation.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from urllib.parse import urlsplit

from irsa_sandbox.apiserver.ground import formats
from irsa_sandbox.apiserver.ground.status import Cause
from irsa_sandbox.apiserver.kinds.columns import AGE, NAME, Column
from irsa_sandbox.apiserver.kinds.kind import Kind, fill
from irsa_sandbox.apiserver.store.storage import Object
from irsa_sandbox.apiserver.validation import match_conditions
from irsa_sandbox.apiserver.validation.causes import (
    duplicate,
    invalid,
    invalid_each,
    required,
    unsupported,
)
from irsa_sandbox.apiserver.validation.selectors import selector_causes

GROUP = "admissionregistration.k8s.io"
OPERATIONS = ("*", "CONNECT", "CREATE", "DELETE", "UPDATE")
FORM = "desired format: https://host[/path]"
_CHOICES = (
    ("failurePolicy", ("Fail", "Ignore")),
    ("matchPolicy", ("Equivalent", "Exact")),
    ("reinvocationPolicy", ("IfNeeded", "Never")),
)


def _fill(body: Object) -> None:
    for webhook in body.get("webhooks") or ():
        fill(webhook, failurePolicy="Fail", matchPolicy="Equivalent", timeoutSeconds=10)
        fill(webhook, namespaceSelector={}, objectSelector={})
        if service := (webhook.get("clientConfig") or {}).get("service"):
            fill(service, port=443)
        for rule in webhook.get("rules") or ():
            fill(rule, scope="*")


def _fill_mutating(body: Object) -> None:
    for webhook in body.get("webhooks") or ():
        fill(webhook, reinvocationPolicy="Never")
    _fill(body)


def _causes(body: Object) -> list[Cause]:
    webhooks = body.get("webhooks") or ()
    if (size := _expressions_size(webhooks)) > match_conditions.LONGEST_OF_ALL:
        text = f"expressions of {size} characters; the sandbox compiles at most "
        return [invalid("webhooks", size, f"{text}{match_conditions.LONGEST_OF_ALL} of them")]
    causes: list[Cause] = []
    names: set[str] = set()
    for index, webhook in enumerate(webhooks):
        path, name = f"webhooks[{index}]", webhook.get("name", "")
        causes += _webhook_causes(path, webhook)
        if name and name in names:
            causes.append(duplicate(f"{path}.name", name))
        names.add(name)
    return causes


def _expressions_size(webhooks: Sequence[Object]) -> int:
    conditions = [
        condition for webhook in webhooks for condition in webhook.get("matchConditions") or ()
    ]
    return sum(len(condition.get("expression") or "") for condition in conditions)


def _webhook_causes(path: str, webhook: Object) -> list[Cause]:
    causes = _name_causes(f"{path}.name", webhook.get("name", ""))
    for index, rule in enumerate(webhook.get("rules") or ()):
        causes += _rule_causes(f"{path}.rules[{index}]", rule)
    for name, allowed in _CHOICES:
        if webhook.get(name, allowed[0]) not in allowed:
            causes.append(unsupported(f"{path}.{name}", webhook[name], allowed))
    effects = ("None", "NoneOnDryRun")
    if not webhook.get("sideEffects"):
        causes.append(required(f"{path}.sideEffects", f"must specify one of {', '.join(effects)}"))
    elif webhook["sideEffects"] not in effects:
        causes.append(unsupported(f"{path}.sideEffects", webhook["sideEffects"], effects))
    seconds = webhook.get("timeoutSeconds", 10)
    if not 1 <= seconds <= 30:
        text = "the timeout value must be between 1 and 30 seconds"
        causes.append(invalid(f"{path}.timeoutSeconds", seconds, text))
    for name in ("namespaceSelector", "objectSelector"):
        causes += selector_causes(f"{path}.{name}", webhook.get(name) or {})
    causes += _conditions_causes(f"{path}.matchConditions", webhook.get("matchConditions") or ())
    if not webhook.get("admissionReviewVersions"):
        text = "must specify one of v1, v1beta1"
        causes.append(required(f"{path}.admissionReviewVersions", text))
    return causes + _client_causes(f"{path}.clientConfig", webhook.get("clientConfig") or {})


def _name_causes(path: str, name: str) -> list[Cause]:
    if not name:
        return [required(path)]
    if faults := formats.dns_subdomain(name):
        return [invalid(path, name, ",".join(faults))]
    if name.count(".") < 2:
        text = "should be a domain with at least three segments separated by dots"
        return [invalid(path, name, text)]
    return []


def _rule_causes(path: str, rule: Object) -> list[Cause]:
    causes: list[Cause] = []
    for index, operation in enumerate(rule.get("operations") or ()):
        if operation not in OPERATIONS:
            causes.append(unsupported(f"{path}.operations[{index}]", operation, OPERATIONS))
    return causes + [
        required(f"{path}.{name}")
        for name in ("operations", "apiGroups", "apiVersions", "resources")
        if not rule.get(name)
    ]


def _conditions_causes(path: str, conditions: Sequence[Object]) -> list[Cause]:
    causes: list[Cause] = []
    names: set[str] = set()
    for index, condition in enumerate(conditions):
        at, name = f"{path}[{index}]", condition.get("name", "")
        expression = condition.get("expression", "").strip()
        if not expression:
            causes.append(required(f"{at}.expression"))
        elif why := match_conditions.fault(expression):
            causes.append(invalid(f"{at}.expression", expression, why))
        if not name:
            causes.append(required(f"{at}.name"))
        else:
            causes += invalid_each(f"{at}.name", name, formats.qualified_name(name))
        if name and name in names:
            causes.append(duplicate(f"{at}.name", name))
        names.add(name)
    return causes


def _client_causes(path: str, client: Object) -> list[Cause]:
    url = client.get("url")
    if bool(url) is bool(client.get("service")):
        return [required(path, "exactly one of url or service is required")]
    if not url:
        return []
    parts = urlsplit(url)
    if parts.scheme != "https":
        text = f"'https' is the only allowed URL scheme; {FORM}"
        return [invalid(f"{path}.url", parts.scheme, text)]
    return [] if parts.hostname else [invalid(f"{path}.url", "", f"host must be specified; {FORM}")]


def _configuration(plural: str, kind: str, defaults: Callable[[Object], None]) -> Kind:
    counted = Column(
        "Webhooks",
        "Webhooks indicates the number of webhooks defined in this configuration",
        lambda row: len(row.body.get("webhooks") or ()),
    )
    return Kind(
        *(GROUP, "v1", plural, kind, False),
        categories=("api-extensions",),
        columns=(NAME, counted, AGE),
        counts_generation=True,
        defaults=defaults,
        validate=_causes,
    )


MUTATING = _configuration(
    "mutatingwebhookconfigurations", "MutatingWebhookConfiguration", _fill_mutating
)
VALIDATING = _configuration(
    "validatingwebhookconfigurations", "ValidatingWebhookConfiguration", _fill
)
