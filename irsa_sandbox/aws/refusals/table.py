"""The table: an endpoint is started, each case asked of it, its refusal a row."""

from __future__ import annotations

import asyncio
import json
import tempfile
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from irsa_helpers.errors import AwsError
from irsa_sandbox.aws.app import Aws
from irsa_sandbox.aws.refusals.asker import Asker, Case, prepare
from irsa_sandbox.aws.refusals.cases import CASES
from irsa_sandbox.aws.settings import AwsSettings
from irsa_sandbox.clock import Clock
from irsa_sandbox.issuer import SigningKeys, discovery
from irsa_sandbox.trace import Trace

LONGEST = 400
"""Characters of a cell: one message repeats a whole policy."""
ISSUER = "https://oidc.eks.ap-northeast-2.amazonaws.com/id/0123456789ABCDEF0123456789ABCDEF"


@dataclass(frozen=True)
class Refusal:
    """One row: the input in words, the answer on the wire, and what only the trace says."""

    input: str
    code: str
    http_status: int
    message: str
    explanation: str


def rows() -> list[Refusal]:
    """The table."""
    return asyncio.run(_collected())


def markdown(table: list[Refusal]) -> str:
    """The table for a reader."""
    head = "| What is asked | What is answered | Why (never on the wire) |\n|---|---|---|"
    lines = [
        # Three columns: with five, the last one was off a notebook's page.
        f"| {row.input} | **{row.code}** (HTTP {row.http_status})<br>{_cell(row.message)} "
        f"| {_cell(row.explanation)} |"
        for row in table
    ]
    return "\n".join([head, *lines])


def _cell(text: str) -> str:
    """Text for a cell: one line, and the middle of what is too long to read left out."""
    line = text.replace("|", "\\|").replace("\n", " ")
    return line if len(line) <= LONGEST else f"{line[: LONGEST // 2]} … {line[-LONGEST // 2 :]}"


class _StillClock(Clock):
    """It stands still unless it is moved: the ages in the table are the same each time."""

    _start = time.time()

    def time(self) -> float:
        return self._start + self.offset_seconds


async def _collected() -> list[Refusal]:
    with tempfile.TemporaryDirectory() as folder:
        clock = _StillClock()
        keys = SigningKeys.load_or_create(Path(folder) / "issuer")
        settings = _settings(Path(folder) / "aws", clock, keys)
        aws = Aws(settings)
        await aws.start()
        try:
            asker = Asker(aws, settings, keys)
            await prepare(asker)
            return [row async for row in _asked(asker)]
        finally:
            await aws.stop()


async def _asked(asker: Asker) -> AsyncIterator[Refusal]:
    for case in CASES:
        yield await _row(asker, case)


async def _row(asker: Asker, case: Case) -> Refusal:
    """The row of a case. Raises AssertionError where the endpoint does not refuse it."""
    try:
        answer = await case.ask(asker)
    except AwsError as error:
        return Refusal(case.name, error.code, error.http_status, error.message, error.explanation)
    raise AssertionError(f"{case.name} was not refused: {answer.body!r}")


def _settings(home: Path, clock: Clock, keys: SigningKeys) -> AwsSettings:
    async def fetch(url: str) -> bytes:
        documents: dict[str, Any] = {
            f"{ISSUER}/.well-known/openid-configuration": discovery(ISSUER),
            f"{ISSUER}/keys": keys.jwks(),
        }
        if url not in documents:
            raise OSError(f"no route to {url}")
        return json.dumps(documents[url]).encode()

    return AwsSettings(
        home=home,
        region="ap-northeast-2",
        account_id="111122223333",
        cluster_name="enginrect-cluster",
        kubernetes_endpoint="https://127.0.0.1:6443",
        kubernetes_ca_pem="",
        issuer_url=ISSUER,
        admin_access_key_id="AKIAEXAMPLEOFTHETABLE"[:20],
        admin_secret_access_key="a-secret-of-the-table-of-refusals-only",
        clock=clock,
        trace=Trace(clock),
        fetch=fetch,
    )
