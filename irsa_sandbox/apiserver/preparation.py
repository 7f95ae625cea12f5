"""What the strategy of a kind does to a new object before admission.

Source: kubernetes, pkg/registry: PrepareForCreate of each kind.
"""

from __future__ import annotations

from irsa_sandbox.apiserver import changes, defaults, managed_fields
from irsa_sandbox.apiserver.resources import Resource
from irsa_sandbox.apiserver.storage import Object
from irsa_sandbox.apiserver.writers import Writer


def prepare(
    resource: Resource, body: Object, uid: str, config: Object, writer: Writer, now: str
) -> None:
    """The status begins anew, defaults are filled in, and who set which field is written down.

    `config` is the body as it was sent.
    """
    if resource.has_status and resource.kind != "Node":
        body.pop("status", None)
        if resource.kind not in {"Pod", "Namespace"}:
            body["status"] = dict(defaults.FIRST_STATUS.get(resource.kind, {}))
    if resource.kind == "DaemonSet":
        changes.count_template(body, None)
    defaults.apply_defaults(resource, body)
    if resource.kind == "Job":
        defaults.select_own_pods(body, uid)
    if writer.applies:
        managed_fields.record_apply(resource, body, config, writer.manager, now)
    else:
        managed_fields.record_update(resource, None, body, writer.manager, now)
