"""What makes one sandbox itself: names, keys and tokens, made once and kept until `reset`.

They outlive a restart, so that a shell which evaluated `irsa-lab env` goes on working.
"""

from __future__ import annotations

import json
import secrets
import string
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from irsa_helpers.ground.state import read_object, write_private
from irsa_sandbox import disk

REGION = "ap-northeast-2"
ACCOUNT_ID = "111122223333"
CLUSTER_NAME = "enginrect-cluster"
NODE_ROLE = "enginrect-node-role"
ADMIN_USER = "enginrect"
COMPONENTS = (
    "admin",
    "controllers",
    "scheduler",
    "kubelet",
    "webhook",
    "admission",
    "kubelet-api",
    "control",
)

_KEY_ALPHABET = string.ascii_uppercase + "234567"


@dataclass(frozen=True)
class Identity:
    """The sandbox's own secrets; `tokens` are bearer tokens by component."""

    issuer_id: str
    access_key_id: str
    secret_access_key: str
    tokens: dict[str, str]

    @property
    def issuer_url(self) -> str:
        """The issuer in EKS's form; inside the sandbox its host maps to loopback."""
        return f"https://oidc.eks.{REGION}.amazonaws.com/id/{self.issuer_id}"

    @property
    def issuer_host(self) -> str:
        """The host of the issuer, without scheme and path."""
        return f"oidc.eks.{REGION}.amazonaws.com"


def load_or_create(path: Path) -> Identity:
    """The identity kept in that file, made anew (0600) where there is none."""
    if kept := _kept(path):
        return _completed(path, kept)
    identity = Identity(
        issuer_id=secrets.token_hex(16).upper(),
        access_key_id="AKIA" + "".join(secrets.choice(_KEY_ALPHABET) for _ in range(16)),
        secret_access_key=secrets.token_urlsafe(30),
        tokens={},
    )
    return _completed(path, identity)


def _kept(path: Path) -> Identity | None:
    """The identity in that file; a file in which there is none is set aside."""
    if not path.exists():
        return None
    content = read_object(path)
    names = {field.name for field in fields(Identity)}
    if content is not None and set(content) == names and isinstance(content["tokens"], dict):
        return Identity(**content)
    lost = "keys and tokens are new: open a new shell, register the issuer again"
    disk.set_aside(path, f"no identity; {lost}")
    return None


def _completed(path: Path, identity: Identity) -> Identity:
    """The identity with a token for each component; one of an older sandbox may lack some."""
    missing = [name for name in COMPONENTS if name not in identity.tokens]
    if missing:
        identity.tokens.update({name: secrets.token_urlsafe(32) for name in missing})
        write_private(path, json.dumps(asdict(identity), indent=1))
    return identity
