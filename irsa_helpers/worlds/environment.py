"""The environment variables with which plain `aws`, `kubectl` and SDKs talk to the sandbox."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

# What would lead a client to another account, another endpoint or another identity.
FOREIGN_PREFIXES = ("AWS_",)


def sandbox_environment(sandbox: Mapping[str, Any]) -> dict[str, str]:
    """Name -> value for the sandbox that a state file describes."""
    aws = sandbox["aws"]
    return {
        "AWS_ENDPOINT_URL": aws["endpoint_url"],
        "AWS_REGION": sandbox["region"],
        "AWS_DEFAULT_REGION": sandbox["region"],
        "AWS_ACCESS_KEY_ID": aws["access_key_id"],
        "AWS_SECRET_ACCESS_KEY": aws["secret_access_key"],
        # Empty files, so that no profile, SSO cache or process of yours is read.
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_PAGER": "",
        "KUBECONFIG": sandbox["kubernetes"]["kubeconfig"],
        "IRSA_LAB_HOME": sandbox["home"],
        "IRSA_LAB_CLUSTER": sandbox["cluster"],
        "NO_PROXY": _no_proxy(),
        "no_proxy": _no_proxy(),
        "PATH": _path(Path(sandbox["home"]) / "bin"),
    }


def foreign_variables(sandbox: Mapping[str, Any]) -> list[str]:
    """AWS variables that are set here and must not be, next to the sandbox's."""
    ours = sandbox_environment(sandbox)
    return sorted(
        name for name in os.environ if name.startswith(FOREIGN_PREFIXES) and name not in ours
    )


def process_environment(sandbox: Mapping[str, Any]) -> dict[str, str]:
    """This process's environment with the sandbox's variables in place of AWS's own."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(FOREIGN_PREFIXES)}
    return kept | sandbox_environment(sandbox)


def shell_lines(sandbox: Mapping[str, Any], shell: str) -> list[str]:
    """Lines for `eval`: `shell` is `posix` (sh, bash, zsh) or `powershell`."""
    values = sandbox_environment(sandbox)
    foreign = foreign_variables(sandbox)
    if shell == "powershell":
        quoted = {name: value.replace("'", "''") for name, value in values.items()}
        return [f"Remove-Item Env:{name}" for name in foreign] + [
            f"$env:{name} = '{value}'" for name, value in quoted.items()
        ]
    return [f"unset {name}" for name in foreign] + [
        f"export {name}={shlex.quote(value)}" for name, value in values.items()
    ]


def _no_proxy() -> str:
    """Loopback joins whatever is already exempt from a proxy, in either spelling."""
    earlier = [os.environ.get(name, "") for name in ("NO_PROXY", "no_proxy")]
    entries = [entry for entry in ",".join(earlier).split(",") if entry]
    return ",".join(dict.fromkeys([*entries, "127.0.0.1", "localhost"]))


def _path(own: Path) -> str:
    """PATH: the sandbox's own `aws` first, then this Python's programs such as `kubectl`."""
    programs = str(Path(sys.executable).parent)
    entries = os.environ.get("PATH", os.defpath).split(os.pathsep)
    return os.pathsep.join(dict.fromkeys([str(own), programs, *entries]))
