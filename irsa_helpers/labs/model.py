"""What a lab is: a folder with a story, a way to break a world, and a way to see it mended."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from irsa_helpers import state
from irsa_helpers.errors import IrsaLabError

if TYPE_CHECKING:
    from irsa_helpers.worlds import World

LEVELS = ("one link", "two links", "capstone")
HINTS = 3
OWN_ACCOUNT = "111122223333"
OPTIONAL = {"account", "bucket", "see"}
FIELDS = {"title", "level", "minutes", "story", "goals", "hints", "broken", "links"}


@dataclass(frozen=True)
class Goal:
    """One thing a lab asks for: whether it is reached, what was seen, and what would count."""

    name: str
    reached: bool
    found: str
    expected: str

    def __str__(self) -> str:
        if self.reached:
            return f"PASS  {self.name}\n      found: {self.found}"
        return f"FAIL  {self.name}\n      found: {self.found}\n      expected: {self.expected}"


@dataclass(frozen=True)
class Lab:
    """A lab as its folder describes it; `id` is the folder's name, as in `03-wrong-subject`.

    `broken` are the goals that a check misses right after the start, `links` the doctor's links
    that are then broken or at risk. `account` is that of the role and of the bucket, `bucket` its
    name where it is not the usual one, `see` the commands that show a symptom of another kind.
    """

    id: str
    folder: Path
    title: str
    level: str
    minutes: int
    story: str
    goals: tuple[str, ...]
    hints: tuple[str, ...]
    broken: tuple[str, ...]
    links: tuple[str, ...]
    account: str = OWN_ACCOUNT
    bucket: str = ""
    see: tuple[str, ...] = ()

    @property
    def number(self) -> str:
        """The lab's number, as one types it: `03`."""
        return self.id.split("-")[0]

    @property
    def namespace(self) -> str:
        """The Kubernetes namespace in which the whole lab takes place, as in `lab-03`."""
        return f"lab-{self.number}"

    @property
    def bucket_name(self) -> str:
        """The bucket that the app is to read."""
        return self.bucket or f"{self.namespace}-data-{self.account}"

    @property
    def cast(self) -> dict[str, str]:
        """What stands in the lab, by kind, with its name; always the same, so that one can look."""
        of = "" if self.account == OWN_ACCOUNT else f", of account {self.account}"
        return {
            "namespace": self.namespace,
            "Deployment": "app",
            "ServiceAccount": "app-sa",
            "role": f"{self.namespace}-app-role{of}",
            "bucket": f"{self.bucket_name}, with the file hello.txt",
        }

    @property
    def commands(self) -> tuple[str, ...]:
        """What shows the symptom in a terminal that has the sandbox's variables."""
        if self.see:
            return self.see
        inside = f"kubectl exec -n {self.namespace} deployment/app --"
        get = f"aws s3api get-object --bucket {self.bucket_name} --key hello.txt /dev/stdout"
        shown = (f"{inside} aws sts get-caller-identity", f"{inside} {get}")
        if self.account == OWN_ACCOUNT:
            return shown
        role = f"arn:aws:iam::{self.account}:role/OrganizationAccountAccessRole"
        assume = f"aws sts assume-role --role-arn {role} --role-session-name me"
        return (*shown, f"{assume}   # credentials for account {self.account}")

    def setup(self, world: World) -> None:
        """Break the world as this lab's story tells."""
        self._call("setup", world)

    def check(self, world: World) -> list[Goal]:
        """Each goal with what was seen, judged by behaviour."""
        goals: list[Goal] = self._call("check", world)
        return goals

    def solve(self, world: World) -> None:
        """Mend the world as the solution has it."""
        self._call("solution", world)

    @property
    def solution_text(self) -> str:
        """The solution as a learner reads it: the source of solution.py."""
        return (self.folder / "solution.py").read_text(encoding="utf-8")

    def wrong_fixes(self) -> list[Callable[[World], None]]:
        """Tempting fixes that must not pass."""
        fixes: list[Callable[[World], None]] = self._module("wrong").FIXES
        return fixes

    def _call(self, name: str, world: World) -> Any:
        """The function of a file that has the file's name."""
        return getattr(self._module(name), name)(world)

    def _module(self, name: str) -> Any:
        path = self.folder / f"{name}.py"
        spec = spec_from_file_location(f"lab_{self.id.replace('-', '_')}_{name}", path)
        if spec is None or spec.loader is None or not path.exists():
            raise IrsaLabError(
                f"lab {self.id} has no {name}.py", next_step="see the other labs for its form"
            )
        module = module_from_spec(spec)
        spec.loader.exec_module(module)
        return module


def labs_folder() -> Path:
    """The project's `labs/`. Raises IrsaLabError outside of the project."""
    root = state.project_root()
    if root is None:
        raise IrsaLabError("the labs are not here", next_step="cd into the project's folder")
    return root / "labs"


def load_lab(folder: Path) -> Lab:
    """The lab of a folder. Raises IrsaLabError that names what its lab.yaml lacks."""
    path = folder / "lab.yaml"
    described = yaml.safe_load(path.read_text(encoding="utf-8"))
    if odd := sorted((set(described) ^ FIELDS) - OPTIONAL):
        raise IrsaLabError(
            f"{path}: missing or unknown {odd}", next_step=f"it has {sorted(FIELDS)}"
        )
    if described["level"] not in LEVELS:
        raise IrsaLabError(
            f"{path}: level {described['level']!r}", next_step=f"choose of {', '.join(LEVELS)}"
        )
    if len(described["hints"]) != HINTS:
        raise IrsaLabError(f"{path}: {len(described['hints'])} hints", next_step="write three")
    lists = ("goals", "hints", "broken", "links", "see")
    described |= {name: tuple(described.get(name, ())) for name in lists}
    return Lab(id=folder.name, folder=folder, **described)


def all_labs() -> list[Lab]:
    """Every lab of the project, in the order of their numbers."""
    return [load_lab(path.parent) for path in sorted(labs_folder().glob("[0-9]*/lab.yaml"))]


def find_lab(name: str) -> Lab:
    """The lab of that id or number, as in `3`. Raises IrsaLabError that tells what is alike."""
    known = all_labs()
    for lab in known:
        if name in {lab.id, lab.number, lab.number.lstrip("0")}:
            return lab
    alike = difflib.get_close_matches(name, [lab.id for lab in known], n=3, cutoff=0.4)
    told = f"did you mean {' or '.join(alike)}? " if alike else ""
    raise IrsaLabError(
        f"no lab {name!r}",
        next_step=f"{told}there are {known[0].number} to {known[-1].number}; "
        "irsa-lab labs lists them",
    )
