"""The course, asked by the console: a program beside the sandbox, which is not to know it.

It is started by the first question, ends with the sandbox, and is given up when nobody asks: what
it has loaded takes memory.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from irsa_helpers.ground.state import HOME_VARIABLE

MODULE = "irsa_course.console"
IDLE_SECONDS = 600.0


class CourseProgram:
    """Answers of that program about the sandbox in `home`; may be asked from any thread."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._lock = threading.Lock()
        self._program: subprocess.Popen[str] | None = None
        self._idle: threading.Timer | None = None

    def ask(self, question: Mapping[str, Any]) -> dict[str, Any]:
        """The answer to a question, one after another; `error` says where there is none."""
        with self._lock:
            line = self._exchange(json.dumps(question))
            self._idle_from_now()
        if not line:
            return {"error": f"the course's program ended; {self._home / 'sandbox.log'} says why"}
        answer: dict[str, Any] = json.loads(line)
        return answer

    def close(self) -> None:
        """The program has ended, or was never there."""
        if program := self._program:
            program.terminate()  # whoever waits for its answer gets none, and lets go of the lock
        with self._lock:
            if self._idle:
                self._idle.cancel()
            if program:
                with program:
                    pass
            self._program = None

    def _exchange(self, question: str) -> str:
        """A line of the program for a line; empty where it has ended meanwhile."""
        program = self._running()
        assert program.stdin is not None
        assert program.stdout is not None
        try:
            program.stdin.write(f"{question}\n")
            program.stdin.flush()
        except BrokenPipeError:
            return ""
        return program.stdout.readline()

    def _running(self) -> subprocess.Popen[str]:
        if self._program is None or self._program.poll() is not None:
            self._program = subprocess.Popen(
                [sys.executable, "-P", "-m", MODULE, str(self._home)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                encoding="utf-8",
                cwd=self._home,
                env=os.environ | {HOME_VARIABLE: str(self._home)},
            )
        return self._program

    def _idle_from_now(self) -> None:
        if self._idle:
            self._idle.cancel()
        self._idle = threading.Timer(IDLE_SECONDS, self.close)
        self._idle.daemon = True
        self._idle.start()
