"""AWS files that a container has mounted, with the paths in them as they are on this machine.

A profile's `web_identity_token_file` names a path of the container; the SDK that reads it here has
the paths of this machine. What else a program reads from a file of its own is not rewritten.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from irsa_sandbox.kubelet.environment import Paths

# Variable -> where the SDKs look without it. Source: AWS SDKs and Tools Reference Guide.
USUAL = {
    "AWS_CONFIG_FILE": "/root/.aws/config",
    "AWS_SHARED_CREDENTIALS_FILE": "/root/.aws/credentials",
}


def own_copies(environment: Mapping[str, str], paths: Paths, folder: Path) -> dict[str, str]:
    """Variable -> a copy, beside that folder, of each AWS file that stands in a volume.

    It is made when the container starts: a later change of its ConfigMap is seen by the next start.
    """
    copies = {}
    for name, usual in USUAL.items():
        source = Path(environment.get(name) or paths.rewrite(usual))
        if source.is_file() and any(source.is_relative_to(place) for place in paths.places):
            text = paths.rewrite(source.read_text("utf-8", errors="surrogateescape"))
            copies[name] = str(_written(folder.with_name(f"{folder.name}.{name}"), text))
    return copies


def _written(path: Path, text: str) -> Path:
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8", errors="surrogateescape") as stream:
        stream.write(text)
    return path
