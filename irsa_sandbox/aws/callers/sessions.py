"""Temporary credentials: minted here, and recognised again without a record of them.

As AWS's, the session token holds the session itself, sealed with a key that only this sandbox has;
the secret access key follows from the access key id. So sessions outlive a restart.
"""

from __future__ import annotations

import base64
import hmac
import json
import secrets
import zlib
from binascii import Error as Base64Error
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from irsa_helpers.ground.state import write_private
from irsa_helpers.ground.times import stamp
from irsa_sandbox import disk

_PREFIX = b"!\n\torigin_ec"
_NONCE_BYTES = 12


@dataclass(frozen=True)
class Session:
    """Who the credentials speak for, until when, and what narrows them.

    `context` holds condition keys that the session brings along; `transitive_tags` names the tags
    that go along when it assumes another role. For a role, `principal_arn` is the role's and
    `principal_id` its AROA id; for GetSessionToken they are the user's. `namespace` is that of the
    token it began with: by whose clock it ends.
    """

    access_key_id: str
    arn: str
    principal_arn: str
    principal_id: str
    name: str
    account_id: str
    issued_at: float
    expires_at: float
    policies: list[str] = field(default_factory=list)
    tags: dict[str, str] = field(default_factory=dict)
    transitive_tags: list[str] = field(default_factory=list)
    context: dict[str, str] = field(default_factory=dict)
    source_identity: str = ""
    namespace: str = ""


@dataclass(frozen=True)
class Credentials:
    """What a client gets; `expires_at` is in seconds since the epoch."""

    access_key_id: str
    secret_access_key: str
    session_token: str
    expires_at: float

    @property
    def expiration(self) -> str:
        """The expiry as AWS writes it: `2026-11-23T10:00:00Z`."""
        return stamp(datetime.fromtimestamp(self.expires_at, UTC))

    def to_dict(self) -> dict[str, Any]:
        """The members of STS's `Credentials`, in its order."""
        return {
            "AccessKeyId": self.access_key_id,
            "SecretAccessKey": self.secret_access_key,
            "SessionToken": self.session_token,
            "Expiration": self.expiration,
        }


KEY_BITS = 256


class InvalidSessionTokenError(Exception):
    """The token was not made here, was changed, or belongs to another access key."""


class Sessions:
    """Seals sessions into tokens and opens them again."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._cipher = AESGCM(key)

    @classmethod
    def load_or_create(cls, path: Path) -> Sessions:
        """With the key kept in that file (0600); a new one where there is none."""
        if path.exists() and path.stat().st_size != KEY_BITS // 8:
            disk.set_aside(path, "no key; sessions that it sealed have ended")
        if not path.exists():
            write_private(path, AESGCM.generate_key(KEY_BITS))
        return cls(path.read_bytes())

    def seal(self, session: Session) -> Credentials:
        """The credentials of a session."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        content = zlib.compress(json.dumps(vars(session), separators=(",", ":")).encode(), 1)
        identity = session.access_key_id.encode()
        sealed = _PREFIX + nonce + self._cipher.encrypt(nonce, content, identity)
        return Credentials(
            session.access_key_id,
            self._secret(session.access_key_id),
            base64.b64encode(sealed).decode(),
            session.expires_at,
        )

    def open(self, access_key_id: str, session_token: str) -> tuple[Session, str]:
        """The session and its secret access key. Raises InvalidSessionTokenError."""
        try:
            sealed = base64.b64decode(session_token, validate=True)
            if not sealed.startswith(_PREFIX):
                raise InvalidSessionTokenError("not a token of this sandbox")
            start = len(_PREFIX)
            nonce, content = sealed[start : start + _NONCE_BYTES], sealed[start + _NONCE_BYTES :]
            opened = self._cipher.decrypt(nonce, content, access_key_id.encode())
        except (Base64Error, ValueError, InvalidTag) as error:
            raise InvalidSessionTokenError("changed, or of another access key") from error
        return Session(**json.loads(zlib.decompress(opened))), self._secret(access_key_id)

    def _secret(self, access_key_id: str) -> str:
        digest = hmac.digest(self._key, b"secret-access-key:" + access_key_id.encode(), "sha256")
        return base64.b64encode(digest).decode()[:40]


def new_access_key_id(prefix: str = "ASIA") -> str:
    """A fresh access key id of 20 characters."""
    return prefix + base64.b32encode(secrets.token_bytes(10)).decode()
