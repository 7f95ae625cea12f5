"""A sandbox in a process of its own: calls to it, its log, and whether it starts again."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from benchmarks.fuzzing.calls import Call, Connection, Reply
from benchmarks.measure import clean_environment

START_SECONDS = 60
JSON = {"Content-Type": "application/json"}


class Sandbox:
    """A running sandbox in a folder; `log` is what it wrote since it was last asked."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._log = home / "fuzz.log"
        self._read = 0
        self.start()

    def start(self) -> None:
        """Start it and wait until it answers. Raises RuntimeError where it does not."""
        with self._log.open("ab") as stream:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "benchmarks.fuzzing.watched", str(self._home)],
                env=clean_environment(),
                stdout=stream,
                stderr=stream,
            )
        state = self._home / "state.json"
        deadline = time.monotonic() + START_SECONDS
        while not state.exists():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"the sandbox does not start: {self.log()[-3_000:]}")
            time.sleep(0.02)
        self._state: dict[str, Any] = json.loads(state.read_text())
        ports = json.loads((self._home / "ports.json").read_text())
        self._connections = {
            "kubernetes": Connection(self._state["kubernetes"]["server"]),
            "aws": Connection(self._state["aws"]["endpoint_url"]),
            "webhook": Connection(f"https://127.0.0.1:{ports['webhook']}"),
        }
        secret = json.loads((self._home / "identity.json").read_text())["tokens"]
        self._tokens = {"kubernetes": secret["admin"], "webhook": secret["admission"]}
        keys = self._state["aws"]
        self._keys = {"admin": Credentials(keys["access_key_id"], keys["secret_access_key"])}

    def stop(self) -> None:
        """Stop it as `irsa-lab down` does, by SIGTERM."""
        for connection in self._connections.values():
            connection.close()
        self._process.terminate()
        self._process.wait(START_SECONDS)

    def restart(self) -> None:
        """Stop it and start it on what it kept."""
        self.stop()
        self.start()

    def add_key(self, who: str, key_id: str, secret: str) -> None:
        """Credentials that calls may name from now on."""
        self._keys[who] = Credentials(key_id, secret)

    def send(self, call: Call) -> Reply:
        """The answer. Raises OSError or HTTPException where the server hangs up."""
        headers = dict(call.headers)
        if call.server in self._tokens:
            headers |= self._bearer(call)
        elif call.server == "aws" and call.who in self._keys:
            headers = self._signed(call)
        return self._connections[call.server].send(call, headers)

    def asked(self, method: str, path: str, body: Any = None) -> Any:
        """What the API server answers the administrator. Raises RuntimeError for a refusal."""
        raw = b"" if body is None else json.dumps(body).encode()
        reply = self.send(Call("kubernetes", method, path, JSON, raw))
        if reply.status >= 400:
            raise RuntimeError(f"{method} {path}: {reply.status} {reply.body[:300]!r}")
        return json.loads(reply.body)

    def log(self) -> str:
        """What was logged since the last time."""
        with self._log.open("rb") as stream:
            stream.seek(self._read)
            found = stream.read()
        self._read += len(found)
        return found.decode("utf-8", "replace")

    def resident_bytes(self) -> int:
        """The memory that the process holds."""
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        line = next(each for each in status.splitlines() if each.startswith("VmRSS"))
        return int(line.split()[1]) * 1024

    def _bearer(self, call: Call) -> Mapping[str, str]:
        tokens = {"admin": self._tokens[call.server], "odd": "a.b.c"}
        return {"Authorization": f"Bearer {tokens[call.who]}"} if call.who in tokens else {}

    def _signed(self, call: Call) -> dict[str, str]:
        service = call.headers["x-fuzz-service"]
        sent = {name: value for name, value in call.headers.items() if name != "x-fuzz-service"}
        url = self._state["aws"]["endpoint_url"] + call.path
        request = AWSRequest(call.method, url, headers=sent, data=call.body)
        signer = S3SigV4Auth if service == "s3" else SigV4Auth
        signer(self._keys[call.who], service, self._state["region"]).add_auth(request)
        return dict(request.headers.items())
