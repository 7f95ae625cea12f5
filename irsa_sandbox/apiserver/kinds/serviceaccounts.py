"""ServiceAccounts.

Source: kubernetes, pkg/registry/core/serviceaccount.
"""

from __future__ import annotations

from irsa_sandbox.apiserver.kinds.kind import Kind, Subresource

SERVICE_ACCOUNT = Kind(
    *("", "v1", "serviceaccounts", "ServiceAccount"),
    short_names=("sa",),
    subresources=(Subresource("token", ("create",), "TokenRequest", "authentication.k8s.io"),),
    shown_deleted=True,
)
