"""The cluster's OIDC issuer: signing keys, discovery document and JWKS, as EKS serves them.

Source: OpenID Connect Discovery 1.0; RFC 7517 (JWK); Kubernetes "ServiceAccount issuer discovery".
"""

from __future__ import annotations

import hashlib
import json
import time
from base64 import urlsafe_b64encode
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from irsa_helpers.ground.state import write_private
from irsa_sandbox import disk

ALGORITHM = "RS256"
KEY_BITS = 2048
CACHE_CONTROL = "max-age=604800"  # EKS lets clients keep the documents for seven days


class SigningKeys:
    """RSA keys of one issuer; the newest signs, older ones stay published until retired."""

    def __init__(self, directory: Path, keys: list[RSAKey]) -> None:
        self._directory = directory
        self.public_keys = keys

    @classmethod
    def load_or_create(cls, directory: Path) -> SigningKeys:
        """The keys kept in `directory` (PEM, 0600); a first one is made where there is none."""
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        loaded = [_load(path) for path in sorted(directory.glob("*.pem"))]
        keys = cls(directory, [key for key in loaded if key is not None])
        if not keys.public_keys:
            keys.rotate()
        return keys

    @property
    def current(self) -> RSAKey:
        """The key that signs."""
        return self.public_keys[-1]

    def sign(self, claims: dict[str, Any]) -> str:
        """A compact JWT over the claims; its header holds just `alg` and `kid`, as Kubernetes'."""
        header = {"alg": ALGORITHM, "kid": key_id(self.current)}
        payload = json.dumps(claims, separators=(",", ":")).encode()
        return jws.serialize_compact(header, payload, self.current, algorithms=[ALGORITHM])

    def jwks(self) -> dict[str, Any]:
        """The public keys as a JSON Web Key Set."""
        return {"keys": [_public_jwk(key) for key in self.public_keys]}

    def rotate(self) -> None:
        """Let a new key sign; the old ones stay published, so tokens they signed remain valid."""
        key = RSAKey.generate_key(KEY_BITS)
        write_private(self._directory / f"{time.time_ns()}.pem", key.as_pem(private=True))
        self.public_keys.append(key)

    def retire_old(self) -> None:
        """Publish the current key alone: tokens that older keys signed are no longer accepted."""
        for path in sorted(self._directory.glob("*.pem"))[:-1]:
            path.unlink()
        del self.public_keys[:-1]


def _load(path: Path) -> RSAKey | None:
    """The key in that file; a file in which there is none is set aside."""
    try:
        return RSAKey.import_key(path.read_bytes())
    except (ValueError, JoseError) as error:
        disk.set_aside(path, f"{error}; tokens that it signed are not valid any more")
        return None


def key_id(key: RSAKey) -> str:
    """The `kid` as Kubernetes derives it: base64url of the SHA-256 of the public key in DER."""
    digest = hashlib.sha256(key.as_der(private=False)).digest()
    return urlsafe_b64encode(digest).rstrip(b"=").decode()


def _public_jwk(key: RSAKey) -> dict[str, Any]:
    numbers = key.as_dict(private=False)
    return {
        "use": "sig",
        "kty": "RSA",
        "kid": key_id(key),
        "alg": ALGORITHM,
        "n": numbers["n"],
        "e": numbers["e"],
    }


def discovery(issuer_url: str) -> dict[str, Any]:
    """The OpenID configuration of an EKS issuer."""
    return {
        "issuer": issuer_url,
        "jwks_uri": f"{issuer_url}/keys",
        "authorization_endpoint": "urn:kubernetes:programmatic_authorization",
        "response_types_supported": ["id_token"],
        "subject_types_supported": ["public"],
        "claims_supported": ["sub", "iss"],
        "id_token_signing_alg_values_supported": [ALGORITHM],
    }


def create_app(keys: SigningKeys, issuer_url: str) -> Starlette:
    """The issuer as a web application: two public documents below the issuer's path."""
    headers = {"cache-control": CACHE_CONTROL}

    async def configuration(request: Request) -> Response:
        return JSONResponse(discovery(issuer_url), headers=headers)

    async def key_set(request: Request) -> Response:
        return JSONResponse(keys.jwks(), headers=headers)

    path = urlsplit(issuer_url).path
    return Starlette(
        routes=[
            Route(f"{path}/.well-known/openid-configuration", configuration),
            Route(f"{path}/keys", key_set),
        ]
    )
