"""A Pod's volumes as folders: tokens, ConfigMaps, Secrets, downward API, emptyDir, hostPath.

Source: Kubernetes documentation, "Volumes" and "Projected Volumes". Each file is replaced as a
whole, so that a reader never sees half of one.
"""

from __future__ import annotations

import base64
import contextlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import MappingProxyType

from irsa_sandbox.apiclient import ApiClient, ApiError, Object, path_of
from irsa_sandbox.kubelet.files.confine import as_container_path, confined
from irsa_sandbox.kubelet.files.host_paths import MountError, host_folder, provide
from irsa_sandbox.kubelet.programs.environment import ConfigError, field_value, resource_value
from irsa_sandbox.kubelet.programs.namespaces import Mount
from irsa_sandbox.kubelet.programs.users import token_mode

DEFAULT_AUDIENCE_SECONDS = 3600
REFRESH_SHARE = 0.8
REFRESH_AT_MOST_SECONDS = 24 * 3600
SOURCES = {"configMap", "secret", "downwardAPI", "emptyDir", "hostPath"}
FOLDERS = {"emptyDir", "hostPath"}


@dataclass(frozen=True)
class MountedToken:
    """A projected token on disk: where it stands in the container, its life, its next refresh."""

    volume: str
    path: str
    audience: str
    expires_at: float
    refresh_at: float


# Path in the volume -> content and mode.
Files = dict[str, tuple[bytes, int]]


class Volumes:
    """Sets up the volumes of one Pod below a folder, one subfolder a volume."""

    def __init__(
        self,
        client: ApiClient,
        pod: Object,
        folder: Path,
        node_files: Path,
        allocatable: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self._client = client
        self._pod = pod
        self._folder = folder
        self._node_files = node_files
        self._allocatable = allocatable
        self._written: dict[str, Files] = {}

    def folder(self, volume: str) -> Path:
        """The place of a volume on this machine; the node's own files are in a folder, too."""
        if "hostPath" in (described := self._volume(volume)):
            return host_folder(self._node_files, described["hostPath"]["path"])
        return self._folder / volume

    def place(self, mount: Object) -> Path:
        """The place on this machine of what a container mounts: a volume, or a `subPath` of it."""
        within: str = mount.get("subPath") or ""
        return self.folder(mount["name"]) / within

    async def set_up(self, now: float) -> list[MountedToken]:
        """Write every volume; returns the tokens written. Raises MountError."""
        tokens: list[MountedToken] = []
        for volume in self._volumes():
            if "hostPath" in volume:
                with _setting_up(volume["name"]):
                    provide(self._node_files, volume["hostPath"])
            else:
                self.folder(volume["name"]).mkdir(parents=True, exist_ok=True)
            await self.rewrite(volume["name"])
            tokens += await self.refresh(volume["name"], now)
        return tokens

    async def refresh(self, volume: str, now: float) -> list[MountedToken]:
        """Write the tokens of one volume anew. Raises MountError."""
        projected = self._volume(volume).get("projected") or {}
        mode = projected.get("defaultMode", 0o644)
        with _setting_up(volume):
            return [
                await self._token(volume, source["serviceAccountToken"], mode, now)
                for source in projected.get("sources") or ()
                if "serviceAccountToken" in source
            ]

    async def rewrite(self, volume: str) -> None:
        """Write all files of a volume but its tokens anew; remove those that its sources lack now.

        Raises MountError.
        """
        files: Files = {}
        before = self._written.get(volume, {})
        with _setting_up(volume):
            for kind, source, mode in _sources(self._volume(volume)):
                files |= await self._files(kind, source, mode)
            for path, (content, mode) in files.items():
                if before.get(path) != (content, mode):
                    self._put(volume, path, content, mode)
            for path in before.keys() - files.keys():
                gone = self.folder(volume) / path
                confined(gone.parent, (self.folder(volume),))
                gone.unlink(missing_ok=True)
        self._written[volume] = files

    def mounts(self, container: Object) -> list[Mount]:
        """A container's volume mounts; folders that a `subPath` names are made.

        Raises ConfigError for a `subPath` that leads out of its volume: a Pod may have put a link
        there. Source: Kubernetes, pkg/volume/util/subpath.
        """
        return [self._mount(mount, container) for mount in container.get("volumeMounts") or ()]

    def _mount(self, mount: Object, container: Object) -> Mount:
        source = self.place(mount)
        if mount.get("subPath"):
            try:
                source = confined(source, (self.folder(mount["name"]),)).resolve()
                if not source.exists():
                    source.mkdir(parents=True)
            except OSError as error:
                text = f'failed to prepare subPath for volumeMount "{mount["name"]}" of container '
                raise ConfigError(f'{text}"{container["name"]}"') from error
        read_only = mount.get("readOnly", False) or not FOLDERS & self._volume(mount["name"]).keys()
        return Mount(str(source), as_container_path(mount["mountPath"]), read_only)

    def showing(self, plural: str, name: str) -> list[str]:
        """The volumes set up that show this ConfigMap or Secret."""
        wanted = "configMap" if plural == "configmaps" else "secret"
        return [
            volume["name"]
            for volume in self._volumes()
            if volume["name"] in self._written
            and any(k == wanted and source["name"] == name for k, source, _ in _sources(volume))
        ]

    def showing_metadata(self) -> list[str]:
        """The volumes set up that show the Pod's own fields."""
        return [
            volume["name"]
            for volume in self._volumes()
            if volume["name"] in self._written
            and any(kind == "downwardAPI" for kind, _, _ in _sources(volume))
        ]

    def _volumes(self) -> list[Object]:
        return list(self._pod["spec"].get("volumes") or ())

    def _volume(self, name: str) -> Object:
        return next((volume for volume in self._volumes() if volume["name"] == name), {})

    async def _files(self, kind: str, source: Object, mode: int) -> Files:
        if kind == "downwardAPI":
            return self._downward(source, mode)
        if kind in FOLDERS:
            return {}
        plural = "configmaps" if kind == "configMap" else "secrets"
        body = await self._read(plural, source)
        return {} if body is None else _chosen(kind, source, body, mode)

    async def _token(self, volume: str, source: Object, mode: int, now: float) -> MountedToken:
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
        try:
            answer = await self._client.create(path, {"spec": wanted})
        except ApiError as error:
            raise MountError(f"failed to fetch token: {error.message}") from error
        content = answer["status"]["token"].encode()
        self._put(volume, source["path"], content, token_mode(self._pod["spec"], mode))
        expires = datetime.fromisoformat(answer["status"]["expirationTimestamp"]).timestamp()
        life = min(seconds * REFRESH_SHARE, REFRESH_AT_MOST_SECONDS)
        return MountedToken(volume, source["path"], source.get("audience", ""), expires, now + life)

    async def _read(self, plural: str, source: Object) -> Object | None:
        namespace = self._pod["metadata"]["namespace"]
        body = await self._client.get(path_of("v1", plural, namespace, source["name"]))
        if body is None and not source.get("optional"):
            kind = plural.rstrip("s")
            raise MountError(f'{kind} "{source["name"]}" not found')
        return body

    def _downward(self, source: Object, mode: int) -> Files:
        files: Files = {}
        for item in source.get("items") or ():
            if "fieldRef" in item:
                value = field_value(self._pod, item["fieldRef"]["fieldPath"])
            else:
                reference = item["resourceFieldRef"]
                value = resource_value(self._container(reference), reference, self._allocatable)
            files[item["path"]] = (value.encode(), item.get("mode", mode))
        return files

    def _container(self, reference: Object) -> Object:
        """The container whose resources a volume shows."""
        spec, name = self._pod["spec"], reference.get("containerName")
        every: list[Object] = [*spec["containers"], *(spec.get("initContainers") or ())]
        container = next((container for container in every if container["name"] == name), None)
        if container is None:
            raise MountError(f"container {name} not found")
        return container

    def _put(self, volume: str, path: str, content: bytes, mode: int) -> None:
        target = self.folder(volume) / path
        if Path(path).is_absolute() or ".." in Path(path).parts:
            raise MountError(f"invalid path {path!r}: must be relative and not contain '..'")
        confined(target.parent, (self.folder(volume),)).mkdir(parents=True, exist_ok=True)
        temporary = target.with_name(f".{target.name}.new")
        temporary.unlink(missing_ok=True)
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content)
        temporary.replace(target)


@contextlib.contextmanager
def _setting_up(volume: str) -> Iterator[None]:
    """What goes wrong is told as the kubelet tells it."""
    try:
        yield
    except (MountError, ConfigError, ApiError, OSError, ValueError) as error:
        text = f'MountVolume.SetUp failed for volume "{volume}" : {error}'
        raise MountError(text) from error


def _sources(volume: Object) -> list[tuple[str, Object, int]]:
    """(kind, source, mode) of all that a volume shows, beside tokens. Raises MountError."""
    if "projected" in volume:
        mode = volume["projected"].get("defaultMode", 0o644)
        parts = [
            part
            for projection in volume["projected"].get("sources") or ()
            for part in projection.items()
        ]
        return [
            _named(kind, source, mode) for kind, source in parts if kind != "serviceAccountToken"
        ]
    kind = next((key for key in volume if key != "name"), "nothing")
    return [
        _named(kind, volume.get(kind) or {}, (volume.get(kind) or {}).get("defaultMode", 0o644))
    ]


def _named(kind: str, source: Object, mode: int) -> tuple[str, Object, int]:
    if kind not in SOURCES:
        raise MountError(
            f"NotImplemented: the sandbox has no {kind} volumes; it has projected, "
            "configMap, secret, downwardAPI, emptyDir and hostPath"
        )
    if kind == "secret" and "secretName" in source:
        source = source | {"name": source["secretName"]}
    return kind, source, mode


def _chosen(kind: str, source: Object, body: Object, mode: int) -> Files:
    """The files of a ConfigMap or Secret: all keys, or those that `items` names."""
    encoded = body.get("binaryData" if kind == "configMap" else "data") or {}
    values = {key: base64.b64decode(value) for key, value in encoded.items()}
    if kind == "configMap":
        values |= {key: text.encode() for key, text in (body.get("data") or {}).items()}
    files: Files = {}
    for item in source.get("items") or [{"key": key, "path": key} for key in values]:
        if item["key"] in values:
            files[item["path"]] = (values[item["key"]], item.get("mode", mode))
        elif not source.get("optional"):
            shown = "config" if kind == "configMap" else "secret"
            raise MountError(f"references non-existent {shown} key: {item['key']}")
    return files
