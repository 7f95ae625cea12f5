"""hostPath volumes: the node's files are below a folder of the sandbox, never this machine's own.

Source: Kubernetes documentation, "Volumes: hostPath"; kubernetes, pkg/volume/hostpath.
"""

from __future__ import annotations

from pathlib import Path, PurePosixPath

# What an EKS node has and manifests ask for.
USUAL = (
    *("etc/ssl/certs", "etc/kubernetes", "var/log/pods", "var/log/containers"),
    *("var/lib/kubelet", "var/lib/docker/containers", "run", "tmp"),
)


class MountError(Exception):
    """A volume cannot be set up; the message is that of a FailedMount Event."""


def host_folder(node_files: Path, path: str) -> Path:
    """Where a path of the node is on this machine."""
    parts = [part for part in PurePosixPath(path).parts if part not in {"/", "."}]
    return node_files.joinpath(*parts)


def provide(node_files: Path, source: dict[str, str]) -> None:
    """The file or folder that a volume asks for is there.

    Raises MountError, in the kubelet's words, for a type that it has not.
    """
    for usual in USUAL:
        (node_files / usual).mkdir(parents=True, exist_ok=True)
    path, kind = host_folder(node_files, source["path"]), source.get("type", "")
    shown = source["path"]
    if kind == "FileOrCreate":
        if not path.exists() and not path.parent.is_dir():
            raise MountError(f"open {shown}: no such file or directory")
        if not path.exists():
            path.touch()
    elif kind in {"", "DirectoryOrCreate"} and not path.exists():
        path.mkdir(parents=True)
    if kind in {"Directory", "DirectoryOrCreate"} and not path.is_dir():
        raise MountError(f"hostPath type check failed: {shown} is not a directory")
    if kind in {"File", "FileOrCreate"} and not path.is_file():
        raise MountError(f"hostPath type check failed: {shown} is not a file")
    if kind in {"Socket", "CharDevice", "BlockDevice"}:
        name = {"Socket": "socket file", "CharDevice": "character device"}.get(kind, "block device")
        raise MountError(f"hostPath type check failed: {shown} is not a {name}")
