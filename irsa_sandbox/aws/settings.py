"""What the AWS endpoint needs to know of the sandbox around it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from irsa_sandbox.clock import Clock
from irsa_sandbox.trace import Trace

ADMIN_USER = "enginrect"
NODE_ROLE = "enginrect-node-role"
CLUSTER_ROLE = "enginrect-cluster-role"
# Other accounts, for work across accounts, and the way into each from the first.
PARTNER_ACCOUNTS = ("444455556666", "777788889999")
PARTNER_ROLE = "OrganizationAccountAccessRole"


@dataclass(frozen=True)
class AwsSettings:
    """The account, its region and cluster, the admin's key, and the sandbox's clock and trace.

    `home` is a folder of this endpoint's own. `fetch` gets a public HTTPS document and raises
    OSError where the host is unreachable.
    """

    home: Path
    region: str
    account_id: str
    cluster_name: str
    kubernetes_endpoint: str
    kubernetes_ca_pem: str
    issuer_url: str
    admin_access_key_id: str
    admin_secret_access_key: str
    clock: Clock
    trace: Trace
    fetch: Callable[[str], Awaitable[bytes]]

    @property
    def admin_arn(self) -> str:
        """The IAM user whose key the learner holds."""
        return f"arn:aws:iam::{self.account_id}:user/{ADMIN_USER}"
