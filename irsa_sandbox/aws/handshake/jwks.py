"""The keys that issuers publish: fetched over HTTPS, kept, fetched anew for an unknown key.

Only the discovery document of a registered issuer is ever fetched, and the key set it names;
nothing that a token itself names. Source: OpenID Connect Discovery 1.0; RFC 7517.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey

from irsa_sandbox.clock import Clock

Fetch = Callable[[str], Awaitable[bytes]]

KEEP_SECONDS = 300
REFETCH_SECONDS = 5
MAX_DOCUMENT_BYTES = 192_000
MIN_RSA_BITS = 2048
CONFIGURATION = "/.well-known/openid-configuration"
# Without these members STS does not use a discovery document.
REQUIRED_MEMBERS = (
    "issuer",
    "jwks_uri",
    "response_types_supported",
    "subject_types_supported",
    "id_token_signing_alg_values_supported",
)


class NoKeyError(Exception):
    """The issuer's documents cannot be had, or hold no such key; the text says which."""


@dataclass(frozen=True)
class VerificationKey:
    """A public key; `algorithm` is the only one it may be used with, empty for any."""

    key: RSAKey | ECKey
    algorithm: str


@dataclass
class _KeySet:
    url: str = ""
    keys: dict[str, VerificationKey] = field(default_factory=dict)
    fetched_at: float = float("-inf")


@dataclass(frozen=True)
class FoundKey:
    """A key, where it came from, and whether it was at hand."""

    key: VerificationKey
    url: str
    cached: bool


class KeySets:
    """The key sets of issuers, one for each."""

    def __init__(self, fetch: Fetch, clock: Clock) -> None:
        self._fetch = fetch
        self._clock = clock
        self._sets: dict[str, _KeySet] = {}
        self._locks: dict[str, asyncio.Lock] = {}

    async def find(self, issuer_url: str, key_id: str) -> FoundKey:
        """The issuer's key of that id. Raises NoKeyError."""
        known = self._sets.get(issuer_url, _KeySet())
        if key_id in known.keys and self._age(known) < KEEP_SECONDS:
            return FoundKey(known.keys[key_id], known.url, True)
        async with self._locks.setdefault(issuer_url, asyncio.Lock()):
            fresh = await self._refreshed(issuer_url, key_id)
        if key_id not in fresh.keys:
            raise NoKeyError(f"{fresh.url} holds no key {key_id!r}")
        return FoundKey(fresh.keys[key_id], fresh.url, False)

    async def _refreshed(self, issuer_url: str, key_id: str) -> _KeySet:
        """The key set, fetched unless another call has just done so."""
        known = self._sets.get(issuer_url, _KeySet())
        keep = KEEP_SECONDS if key_id in known.keys else REFETCH_SECONDS
        if self._age(known) >= keep:
            known = await self._fetched(issuer_url)
            self._sets[issuer_url] = known
        return known

    async def _fetched(self, issuer_url: str) -> _KeySet:
        configuration = await self._document(issuer_url + CONFIGURATION)
        missing = [name for name in REQUIRED_MEMBERS if name not in configuration]
        if missing:
            raise NoKeyError(f"{issuer_url + CONFIGURATION} lacks {', '.join(missing)}")
        if configuration["issuer"] != issuer_url:
            raise NoKeyError(f"the discovery document is of {configuration['issuer']!r}")
        url = str(configuration["jwks_uri"])
        if not url.startswith("https://"):
            raise NoKeyError(f"jwks_uri is {url!r}, not an https URL")
        return _KeySet(url, _usable_keys(await self._document(url)), self._clock.time())

    async def _document(self, url: str) -> dict[str, Any]:
        try:
            content = await self._fetch(url)
            document = json.loads(content[: MAX_DOCUMENT_BYTES + 1])
        except (OSError, ValueError, RecursionError) as error:
            raise NoKeyError(f"{url}: {error}") from error
        if not isinstance(document, dict):
            raise NoKeyError(f"{url} is not a JSON object")
        return document

    def _age(self, known: _KeySet) -> float:
        return self._clock.time() - known.fetched_at


def _usable_keys(document: dict[str, Any]) -> dict[str, VerificationKey]:
    """The keys for verifying signatures; an id that two keys share is nobody's."""
    listed = document.get("keys")
    entries = [it for it in listed if isinstance(it, dict)] if isinstance(listed, list) else []
    ids = [entry.get("kid") for entry in entries]
    return {
        entry["kid"]: key
        for entry in entries
        if isinstance(entry.get("kid"), str)
        and ids.count(entry["kid"]) == 1
        and (key := _usable_key(entry)) is not None
    }


def _usable_key(entry: dict[str, Any]) -> VerificationKey | None:
    """The key, None where it is not an RSA or EC public key meant for signatures."""
    operations = entry.get("key_ops", ["verify"])
    if entry.get("use", "sig") != "sig" or "verify" not in operations:
        return None
    kinds: dict[Any, type[RSAKey | ECKey]] = {"RSA": RSAKey, "EC": ECKey}
    kind = kinds.get(entry.get("kty"))
    algorithm = entry.get("alg", "")
    if kind is None or not isinstance(algorithm, str):
        return None
    names = ("kty", "n", "e", "crv", "x", "y")
    public: dict[str, Any] = {name: entry[name] for name in names if name in entry}
    try:
        key = kind.import_key(public)
    except (JoseError, ValueError, TypeError, KeyError):
        return None
    if isinstance(key, RSAKey) and key.public_key.key_size < MIN_RSA_BITS:
        return None
    return VerificationKey(key, algorithm)
