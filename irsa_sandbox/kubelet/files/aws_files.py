"""Mounted files that name paths of the container, where it has no mount namespace to have them in.

A profile's `web_identity_token_file` names a path of the container; the SDK that reads it here has
the paths of this machine. So AWS files are rewritten; of any other file an Event says that it names
what is not there.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from pathlib import Path

from irsa_sandbox.kubelet.programs.environment import Paths

# Variable -> where the SDKs look without it. Source: AWS SDKs and Tools Reference Guide.
USUAL = {
    "AWS_CONFIG_FILE": "/root/.aws/config",
    "AWS_SHARED_CREDENTIALS_FILE": "/root/.aws/credentials",
}
# Limits of the search for paths that lead nowhere: files of a mount, bytes of a file.
MOST_FILES, MOST_BYTES = 100, 64 * 1024


def mounted_aws_files(environment: Mapping[str, str], paths: Paths) -> dict[str, Path]:
    """Variable -> where on this machine the AWS file is that the container has in a volume."""
    sources = {name: Path(environment.get(name) or paths.rewrite(USUAL[name])) for name in USUAL}
    return {
        name: source
        for name, source in sources.items()
        if source.is_file() and any(source.is_relative_to(place) for place in paths.places)
    }


def own_copies(sources: Mapping[str, Path], paths: Paths, folder: Path) -> dict[str, str]:
    """Variable -> a copy of its AWS file, beside that folder, with the paths of this machine.

    It is made when the container starts: a later change of its ConfigMap is seen by the next start.
    """
    copies = {}
    for name, source in sources.items():
        text = paths.rewrite(source.read_text("utf-8", errors="surrogateescape"))
        copies[name] = str(_written(folder.with_name(f"{folder.name}.{name}"), text))
    return copies


def dead_paths(
    paths: Paths, mounts: Mapping[str, Path], besides: Collection[Path] = ()
) -> list[str]:
    """Files of the container, by their path there, that name one of its mount paths.

    Looked at are small files below `mounts` (path of the container -> place on this machine).
    """
    named = []
    for mount, place in mounts.items():
        files = [place] if place.is_file() else sorted(place.rglob("*"))[:MOST_FILES]
        for file in files:
            if file not in besides and _names_a_path(file, paths):
                named.append(mount if file == place else f"{mount}/{file.relative_to(place)}")
    return named


def _names_a_path(file: Path, paths: Paths) -> bool:
    if not file.is_file() or file.is_symlink() or file.stat().st_size > MOST_BYTES:
        return False
    text = file.read_text("utf-8", errors="surrogateescape")
    return paths.rewrite(text) != text


def _written(path: Path, text: str) -> Path:
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8", errors="surrogateescape") as stream:
        stream.write(text)
    return path
