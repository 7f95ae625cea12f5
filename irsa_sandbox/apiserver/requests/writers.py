"""Who writes, and with which options."""

from __future__ import annotations

from dataclasses import dataclass, field

from irsa_sandbox.apiserver.access.authn import User
from irsa_sandbox.apiserver.store.storage import Object
from irsa_sandbox.apiserver.structure.managed_fields import Manager


@dataclass(frozen=True)
class Writer:
    """Who writes, under which manager's name, and how: by server-side apply, or as a dry run.

    `options` are those of the request, as webhooks are shown them; `warnings` collects what the
    answer will warn of.
    """

    user: User
    manager: Manager
    dry_run: bool = False
    applies: bool = False
    options: Object = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)

    def warn(self, text: str) -> None:
        """The answer will warn of it, once."""
        if text not in self.warnings:
            self.warnings.append(text)
