"""What a webhook is told of one request: the `request` of an AdmissionReview.

Source: API reference, admission.k8s.io/v1; apiserver, pkg/admission/plugin/webhook/request and
pkg/endpoints/handlers, which make its attributes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from irsa_sandbox.apiserver.kinds.namespaces import NAMESPACE
from irsa_sandbox.apiserver.requests.targets import Target
from irsa_sandbox.apiserver.requests.writers import Writer
from irsa_sandbox.apiserver.store.storage import Object

OPTIONS = {"CREATE": "CreateOptions", "UPDATE": "UpdateOptions", "DELETE": "DeleteOptions"}


@dataclass(frozen=True)
class Admission:
    """One request on its way to the store: what is done to what, by whom.

    `object` is None for a deletion, `old` for a creation and a connection.
    """

    operation: str
    target: Target
    writer: Writer
    object: Object | None = None
    old: Object | None = None

    def after(self, body: Object) -> Admission:
        """The same request with its object as a webhook left it."""
        return replace(self, object=body)

    @property
    def namespace(self) -> str:
        """The namespace of the object; a Namespace is said to be in itself."""
        if self.target.resource is NAMESPACE:
            return self.target.name or _name(self.object)
        return self.target.namespace

    @property
    def name(self) -> str:
        """The object's name; empty for one that is still to be generated, and in a collection."""
        return self.target.name or (_name(self.object) if self.operation == "CREATE" else "")

    def request(self) -> Object:
        """The `request` of an AdmissionReview, without its uid."""
        resource, subresource = self.target.resource, self.target.subresource
        own = self.target.own_kind
        of_kind = {"group": own.group, "version": own.version, "kind": own.kind}
        place = {"group": resource.group, "version": resource.version, "resource": resource.plural}
        part = {"subResource": subresource} if subresource else {}
        asked = {"requestSubResource": subresource} if subresource else {}
        said = {"name": self.name} if self.name else {}
        said |= {"namespace": self.namespace} if self.namespace else {}
        return {
            "kind": of_kind,
            "resource": place,
            **part,
            "requestKind": of_kind,
            "requestResource": place,
            **asked,
            **said,
            "operation": self.operation,
            "userInfo": self.writer.user.info,
            "object": self.object,
            "oldObject": self.old,
            "dryRun": self.writer.dry_run,
            "options": self._options(),
        }

    def _options(self) -> Object | None:
        if self.operation not in OPTIONS:
            return None
        head = {"kind": OPTIONS[self.operation], "apiVersion": "meta.k8s.io/v1"}
        return head | self.writer.options


def _name(body: Object | None) -> str:
    name: str = ((body or {}).get("metadata") or {}).get("name") or ""
    return name
