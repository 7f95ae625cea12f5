"""A Pod's volumes as folders: projected tokens, ConfigMaps, Secrets, downward API, emptyDir.

Source: Kubernetes documentation, "Volumes" and "Projected Volumes". Each file is replaced as a
whole, so that a reader never sees half of one.
"""

from __future__ import annotations

import base64
import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from irsa_helpers.sandbox.apiclient import ApiClient, ApiError, Object, path_of
from irsa_helpers.sandbox.kubelet.environment import ConfigError, field_value

DEFAULT_AUDIENCE_SECONDS = 3600
REFRESH_SHARE = 0.8
REFRESH_AT_MOST_SECONDS = 24 * 3600


class MountError(Exception):
    """A volume cannot be set up; the message is that of a FailedMount Event."""


@dataclass(frozen=True)
class MountedToken:
    """A projected token on disk: where it stands in the container, its life, its next refresh."""

    volume: str
    path: str
    audience: str
    expires_at: float
    refresh_at: float


class Volumes:
    """Sets up the volumes of one Pod below a folder, one subfolder a volume."""

    def __init__(self, client: ApiClient, pod: Object, folder: Path) -> None:
        self._client = client
        self._pod = pod
        self._folder = folder

    def folder(self, volume: str) -> Path:
        """The place of a volume on this machine."""
        return self._folder / volume

    async def set_up(self, now: float) -> list[MountedToken]:
        """Write every volume; returns the tokens written. Raises MountError."""
        tokens: list[MountedToken] = []
        for volume in self._pod["spec"].get("volumes") or ():
            self.folder(volume["name"]).mkdir(parents=True, exist_ok=True)
            try:
                tokens += await self._write(volume, now)
            except (MountError, ConfigError, ApiError) as error:
                text = f'MountVolume.SetUp failed for volume "{volume["name"]}" : {error}'
                raise MountError(text) from error
        return tokens

    async def refresh(self, volume: str, now: float) -> list[MountedToken]:
        """Write the tokens of one volume anew."""
        for each in self._pod["spec"].get("volumes") or ():
            if each["name"] == volume:
                return await self._write(each, now)
        return []

    async def _write(self, volume: Object, now: float) -> list[MountedToken]:
        name = volume["name"]
        if "projected" in volume:
            return await self._projected(name, volume["projected"], now)
        if "configMap" in volume:
            source = volume["configMap"]
            await self._config_map(name, source, source.get("defaultMode", 0o644))
        elif "secret" in volume:
            source = volume["secret"] | {"name": volume["secret"].get("secretName")}
            await self._secret(name, source, source.get("defaultMode", 0o644))
        elif "downwardAPI" in volume:
            self._downward(name, volume["downwardAPI"])
        elif "emptyDir" not in volume:
            kind = next((key for key in volume if key != "name"), "nothing")
            raise MountError(
                f"NotImplemented: the sandbox has no {kind} volumes; it has projected, "
                "configMap, secret, downwardAPI and emptyDir"
            )
        return []

    async def _projected(self, name: str, projected: Object, now: float) -> list[MountedToken]:
        mode = projected.get("defaultMode", 0o644)
        tokens = []
        for source in projected.get("sources") or ():
            if "serviceAccountToken" in source:
                tokens.append(await self._token(name, source["serviceAccountToken"], now))
            elif "configMap" in source:
                await self._config_map(name, source["configMap"], mode)
            elif "secret" in source:
                await self._secret(name, source["secret"], mode)
            elif "downwardAPI" in source:
                self._downward(name, source["downwardAPI"])
        return tokens

    async def _token(self, volume: str, source: Object, now: float) -> MountedToken:
        metadata, spec = self._pod["metadata"], self._pod["spec"]
        seconds = source.get("expirationSeconds", DEFAULT_AUDIENCE_SECONDS)
        audiences = [source["audience"]] if source.get("audience") else []
        bound = {
            "apiVersion": "v1",
            "kind": "Pod",
            "name": metadata["name"],
            "uid": metadata["uid"],
        }
        account = spec.get("serviceAccountName", "default")
        path = path_of("v1", "serviceaccounts", metadata["namespace"], account, "token")
        wanted = {
            "audiences": audiences,
            "expirationSeconds": seconds,
            "boundObjectRef": bound,
        }
        answer = await self._client.create(path, {"spec": wanted})
        self._put(volume, source["path"], answer["status"]["token"].encode(), self._token_mode())
        expires = datetime.fromisoformat(answer["status"]["expirationTimestamp"]).timestamp()
        life = min(seconds * REFRESH_SHARE, REFRESH_AT_MOST_SECONDS)
        return MountedToken(volume, source["path"], source.get("audience", ""), expires, now + life)

    def _token_mode(self) -> int:
        """0600, or 0640 for the group that fsGroup names. Source: KEP-2451."""
        return 0o640 if "fsGroup" in (self._pod["spec"].get("securityContext") or {}) else 0o600

    async def _config_map(self, volume: str, source: Object, mode: int) -> None:
        found = await self._read("configmaps", source)
        if found is not None:
            values = {k: v.encode() for k, v in (found.get("data") or {}).items()}
            binary = found.get("binaryData") or {}
            values |= {k: base64.b64decode(v) for k, v in binary.items()}
            self._put_items(volume, source, values, mode)

    async def _secret(self, volume: str, source: Object, mode: int) -> None:
        found = await self._read("secrets", source)
        if found is not None:
            data = found.get("data") or {}
            values = {k: base64.b64decode(v) for k, v in data.items()}
            self._put_items(volume, source, values, mode)

    async def _read(self, plural: str, source: Object) -> Object | None:
        namespace = self._pod["metadata"]["namespace"]
        found = await self._client.get(path_of("v1", plural, namespace, source["name"]))
        if found is None and not source.get("optional"):
            kind = plural.rstrip("s")
            raise MountError(f'{kind} "{source["name"]}" not found')
        return found

    def _put_items(self, volume: str, source: Object, values: dict[str, bytes], mode: int) -> None:
        items = source.get("items") or [{"key": key, "path": key} for key in values]
        for item in items:
            if item["key"] not in values:
                if source.get("optional"):
                    continue
                raise MountError(f"references non-existent config key: {item['key']}")
            self._put(volume, item["path"], values[item["key"]], item.get("mode", mode))

    def _downward(self, volume: str, source: Object) -> None:
        for item in source.get("items") or ():
            if "fieldRef" not in item:
                raise MountError("NotImplemented: the sandbox resolves no resourceFieldRef")
            value = field_value(self._pod, item["fieldRef"]["fieldPath"])
            self._put(volume, item["path"], value.encode(), 0o644)

    def _put(self, volume: str, path: str, content: bytes, mode: int) -> None:
        target = self.folder(volume) / path
        if Path(path).is_absolute() or ".." in Path(path).parts:
            raise MountError(f"invalid path {path!r}: must be relative and not contain '..'")
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary = target.with_name(f".{target.name}.new")
        temporary.unlink(missing_ok=True)
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content)
        temporary.replace(target)
