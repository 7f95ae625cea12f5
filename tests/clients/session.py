"""A session in a terminal as text: commands, what they print, and how that is compared.

    $ kubectl get ns demo
    NAME   STATUS   AGE
    demo   Active   AGE

`python -m tests.clients.session KUBECTL` prints the session that a kubectl has with a fresh
sandbox; the text expected of it is `kubectl.txt`.
"""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
EXPECTED = HERE / "kubectl.txt"
# What differs from run to run, and what stands for it in the expected text.
VOLATILE = (
    (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22}", "UID"),
    (r'"?\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"?', "TIME"),
    (r"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d \+0000", "TIME"),
    (r"\t\d{4}-\d\d-\d\d .*", " TIME"),
    (r"\beyJ[\w-]+\.[\w-]+\.[\w-]+", "TOKEN"),
    (r'resourceVersion: "\d+"', "resourceVersion: N"),
    (r"\bkube-api-access-\w{5}\b", "kube-api-access-XXXXX"),
    (r"\b(web|once)-([a-z0-9]{8,10}-)?[a-z0-9]{5,10}\b", r"\1-XXXXX"),
    (r"process://[0-9a-f]{32}", "process://ID"),
    (r"127\.0\.0\.1:\d+", "127.0.0.1:PORT"),
    (r"/id/[0-9A-F]{32}", "/id/ID"),
    (r"/\S*/(LIVE|MERGED)-\d+", r"\1"),
    (r"\bin \d+ms \(\d+ms", "in Nms (Nms"),
    # kubectl says <invalid> of a time ahead of its own, where the sandbox's was moved.
    (r"(?<=\s)((\d+[ydhms]){1,2}|<invalid>)(?=\s|$)", "AGE"),
    (r"(Client|Server|Kustomize) Version: .*", r"\1 Version: V"),
    # What kubectl logs about its own watches.
    (r"(?m)^[IWE]\d{4} \d\d:.*\n", ""),
    # Another moment of a rollout, and another number of them.
    (r"(?m)^Waiting for deployment .*\n", ""),
    # Columns are as wide as what stands in them.
    (r"(?<=\S) {2,}", "  "),
    (r"(?m)[ \t]+$", ""),
)


@dataclass(frozen=True)
class Step:
    """A command, and what it prints (both streams, and its exit code where that is not 0)."""

    command: str
    output: str


def steps(text: str) -> list[Step]:
    """The steps of a session's text."""
    parts = re.split(r"(?m)^\$ ", text)[1:]
    return [Step(*part.split("\n", 1)) for part in parts]


def settled(output: str) -> str:
    """Output with what differs from run to run made equal."""
    for pattern, stands_for in VOLATILE:
        output = re.sub(pattern, stands_for, output)
    return output.rstrip("\n")


def run(command: str, program: str, variables: dict[str, str]) -> str:
    """What a command prints where `m` is the folder of manifests; `kubectl` is that program."""
    words = [program, *shlex.split(command)[1:]]
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "m").symlink_to(HERE / "manifests")
        done = subprocess.run(
            words, env=variables, cwd=folder, capture_output=True, text=True, timeout=60
        )
    code = f"[exit {done.returncode}]\n" if done.returncode else ""
    out = done.stdout + ("\n" if done.stdout and not done.stdout.endswith("\n") else "")
    return f"{out}{done.stderr}{code}"


def main(program: str) -> None:
    """Print the session of that kubectl with a sandbox of its own."""
    from irsa_helpers.worlds import environment, launch

    with tempfile.TemporaryDirectory() as home:
        variables = environment.process_environment(launch.ensure_sandbox(Path(home)))
        try:
            for step in steps(EXPECTED.read_text(encoding="utf-8")):
                answer = settled(run(step.command, program, variables))
                print(f"$ {step.command}\n{answer}".rstrip("\n"))
        finally:
            launch.stop_sandbox(Path(home))


if __name__ == "__main__":
    main(sys.argv[1])
