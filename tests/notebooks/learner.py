"""Cells run in this process as a kernel runs them, and a world that behaves as a real one does."""

from __future__ import annotations

import contextlib
import io
from pathlib import Path
from typing import Any

import nbformat
from IPython.core.interactiveshell import InteractiveShell

from irsa_helpers.worlds.aws import AwsWorld
from irsa_helpers.worlds.sandbox import SandboxWorld

ONLY_HERE = "raises-exception"  # the tag of a cell that only the sandbox can run


def code_cells(path: Path) -> list[Any]:
    return [c for c in nbformat.read(path, as_version=4).cells if c.cell_type == "code"]


def closing_check(cells: list[Any]) -> int:
    """The place of the last cell that asserts or verifies."""
    checks = [i for i, c in enumerate(cells) if "assert " in c.source or "verify(" in c.source]
    return checks[-1]


class Learner:
    """Runs cells one after the other, in one namespace."""

    def __init__(self) -> None:
        InteractiveShell.clear_instance()
        self._shell = InteractiveShell.instance(colors="nocolor")
        self.said = ""

    def tries(self, source: str) -> BaseException | None:
        """Run a cell; returns what it raised. `said` is what it printed and showed."""
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
            result = self._shell.run_cell(source)
        self.said = printed.getvalue()
        raised: BaseException | None = result.error_before_exec or result.error_in_exec
        return raised

    def runs(self, cell: Any) -> None:
        """Run a cell that must not fail."""
        raised = self.tries(cell.source)
        assert raised is None, f"cell {cell.id}: {raised!r}"


class LikeReal(AwsWorld):
    """All that a real world does (plans, refusals, a name of its own), on the sandbox."""

    def __init__(self, sandbox: SandboxWorld, *, approve: bool) -> None:
        super().__init__(sandbox.cluster_name, sandbox.region, approve=approve)
        self._sandbox = sandbox

    @property
    def kubernetes(self) -> Any:  # type: ignore[override]
        return self._sandbox.kubernetes

    def _client(self, *args: Any) -> Any:
        return self._sandbox._client(*args)

    def fetch(self, url: str) -> bytes:
        return self._sandbox.fetch(url)

    def tls_chain(self, host: str) -> list[bytes]:
        return self._sandbox.tls_chain(host)
