"""`python -m benchmarks mutation [AREA…] --sample 100`: which broken lines no test notices.

Each mutant of a module is written into a copy of the checkout, and the tests that reach its line
are run there. What survives is printed: a test is missing, or code that nothing needs.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import queue
import random
import shutil
import signal
import sys
import tempfile
import threading
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import boto3  # noqa: F401  # loaded once, before the processes of the tests part from this one
import hypothesis  # noqa: F401
import kubernetes.client  # noqa: F401
import pytest

from benchmarks.mutants import Mutant, mutants_of

ROOT = Path(__file__).parents[1]
SANDBOX, TESTS = "irsa_sandbox", "tests/irsa_sandbox"
DOCTOR = (("fixes", "shell"), ("links", "pod"), ("", "result"), ("evidence", "target"))
AREAS: dict[str, tuple[list[str], list[str]]] = {
    "policy": (
        ["irsa_helpers/policy/*.py"],
        ["tests/policy", "tests/test_trust.py"],
    ),
    "tokens": (["irsa_helpers/tokens.py"], ["tests/test_tokens.py"]),
    "sts": (
        [
            f"{SANDBOX}/issuer.py",
            *(f"{SANDBOX}/aws/handshake/{name}.py" for name in ("web_identity", "tokens", "jwks")),
        ],
        [f"{TESTS}/aws/handshake/test_web_identity.py", f"{TESTS}/aws/services/test_sts.py"],
    ),
    "tokenreview": (
        [f"{SANDBOX}/apiserver/access/{name}.py" for name in ("tokens", "authn")],
        [f"{TESTS}/apiserver/access/test_{name}.py" for name in ("tokens", "authn")],
    ),
    "rbac": (
        [f"{SANDBOX}/apiserver/access/{name}.py" for name in ("rbac", "escalation")],
        [f"{TESTS}/apiserver/access/test_{name}.py" for name in ("rbac", "escalation")],
    ),
    # What is read from objects at hand; the links that ask a world take minutes a mutant.
    "doctor": (
        [str(Path("irsa_helpers/doctor", room, f"{name}.py")) for room, name in DOCTOR],
        [str(Path("tests/doctor", room, f"test_{name}.py")) for room, name in DOCTOR],
    ),
}
LONGEST_SECONDS = 300
KILLED, SURVIVED, UNREACHED = "killed", "survived", "reached by no test"


class Recorder:
    """A plugin of pytest: which tests reach which lines of the given files.

    A line that runs while a module is imported, or a fixture is made, counts for every test of the
    run or of the file. What a function remembers is forgotten before each test.
    """

    def __init__(self, files: list[Path]) -> None:
        self._names = {str(each) for each in files}
        self._now = ""
        self.reached: dict[tuple[str, int], set[str]] = defaultdict(set)

    def start(self) -> None:
        """To be called before pytest reads the first conftest, which imports modules."""
        threading.settrace(self._call)
        sys.settrace(self._call)

    def pytest_runtest_setup(self, item: Any) -> None:
        self._now = item.nodeid.partition("::")[0]

    def pytest_runtest_call(self, item: Any) -> None:
        self._now = item.nodeid
        for module in [
            m for m in sys.modules.values() if getattr(m, "__file__", "") in self._names
        ]:
            for each in vars(module).values():
                getattr(each, "cache_clear", int)()

    def _call(self, frame: FrameType, event: str, argument: Any) -> Any:
        return self._line if frame.f_code.co_filename in self._names else None

    def _line(self, frame: FrameType, event: str, argument: Any) -> Any:
        self.reached[frame.f_code.co_filename, frame.f_lineno].add(self._now)
        return self._line


class Chosen:
    """A plugin of pytest: only these tests are run; "" is all of them, and a file all of its."""

    def __init__(self, names: set[str]) -> None:
        self._names = names

    def pytest_collection_modifyitems(self, items: list[Any]) -> None:
        items[:] = [
            each
            for each in items
            if self._names & {"", each.nodeid, each.nodeid.partition("::")[0]}
        ]


def run(folder: Path, tests: list[str], plugin: Any, answer: Any) -> None:
    """Run tests in a folder, quietly; in a process of its own. Puts what they ended with."""
    os.setsid()
    os.chdir(folder)
    os.environ |= {"PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
    sys.path[0], sys.dont_write_bytecode = str(folder), True
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 1)
    os.dup2(silence, 2)
    options = ["-q", "-p", "no:cacheprovider", "--rootdir", str(folder)]
    if isinstance(plugin, Recorder):
        plugin.start()
    else:
        options.append("-x")
    code = int(pytest.main([*options, *tests], plugins=[plugin]))
    sys.settrace(None)
    answer.put((code, dict(getattr(plugin, "reached", {}))))


def ended(folder: Path, tests: list[str], plugin: Any, seconds: int) -> tuple[int, Any]:
    """How the tests ended and what the plugin found; 1 where they took longer."""
    parting = multiprocessing.get_context("fork")
    answer = parting.Queue()
    process = parting.Process(target=run, args=(folder, tests, plugin, answer))
    process.start()
    try:
        found: tuple[int, Any] = answer.get(timeout=seconds)
    except queue.Empty:
        found = (1, {})
        os.killpg(process.pid, signal.SIGINT)
    process.join(20)
    if process.is_alive():
        os.killpg(process.pid, signal.SIGKILL)
    return found


def outcome(folder: Path, path: str, mutant: Mutant, tests: list[str], reached: Any) -> str:
    """What becomes of a mutant: the tests that reach its lines are run."""
    where = str(folder / path)
    names = set().union(*(reached.get((where, line), ()) for line in mutant.lines))
    if not names:
        return UNREACHED
    original = (folder / path).read_text(encoding="utf-8")
    (folder / path).write_text(mutant.text, encoding="utf-8")
    try:
        code, _ = ended(folder, tests, Chosen(names), LONGEST_SECONDS)
    finally:
        (folder / path).write_text(original, encoding="utf-8")
    return SURVIVED if code in (0, 5) else KILLED


def measured(folder: Path, area: str, sample: int, number: int) -> Iterator[tuple[str, str]]:
    """Rows for what survives of an area, then its counts."""
    patterns, tests = AREAS[area]
    files = [each for pattern in patterns for each in sorted(folder.glob(pattern))]
    code, reached = ended(folder, tests, Recorder(files), 3600)
    if code:
        raise SystemExit(f"the tests of {area} fail, or take too long, before anything is changed")
    made = [
        (str(file.relative_to(folder)), mutant)
        for file in files
        for mutant in mutants_of(file.read_text(encoding="utf-8"))
    ]
    if sample and sample < len(made):
        chosen = sorted(random.Random(number).sample(range(len(made)), sample))
        made = [made[index] for index in chosen]
    counts: Counter[str] = Counter()
    for path, mutant in made:
        became = outcome(folder, path, mutant, tests, reached)
        counts[became] += 1
        if became != KILLED:
            yield f"{path}:{mutant.lines.start}  {mutant.change}", became
    yield area, ", ".join(f"{counts[each]} {each}" for each in (KILLED, SURVIVED, UNREACHED))


def report() -> Iterator[tuple[str, str]]:
    """Rows of the areas named on the command line, or of all."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks mutation", description=__doc__)
    parser.add_argument("areas", nargs="*", metavar="AREA", help=f"of {', '.join(AREAS)}")
    parser.add_argument("--sample", type=int, default=0, help="so many mutants of each area")
    parser.add_argument("--seed", type=int, default=1, help="which sample")
    options = parser.parse_args(sys.argv[2:])
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "checkout"
        ignored = shutil.ignore_patterns(".*", "node_modules", "__pycache__")
        shutil.copytree(ROOT, folder, ignore=ignored)
        for area in options.areas or AREAS:
            yield from measured(folder, area, options.sample, options.seed)
