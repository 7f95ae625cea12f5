"""What a lab is, in words: a story, its goals, hints; its functions stand in a file beside them.

Both are in `labs/.machinery/`, out of a learner's sight: they hold the answers.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from pathlib import Path

from irsa_helpers.errors import IrsaLabError
from irsa_helpers.ground import state
from irsa_helpers.ground.words import read_words

LEVELS = ("one link", "two links", "capstone")
HINTS = 3
OWN_ACCOUNT = "111122223333"
OPTIONAL = {"account", "bucket", "see"}
LISTS = ("goals", "hints", "broken", "links", "see", "seen")
FIELDS = {
    "title",
    "level",
    "minutes",
    "lesson",
    "story",
    "goals",
    "hints",
    "broken",
    "links",
    "debrief",
    "seen",
}
# How a gap begins that the author of a new lab has not filled in yet.
GAP = "FILL IN"


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
class Sighting:
    """Where a fault of the lab's kind was met in public: its address, and what it was there."""

    url: str
    what: str

    def __str__(self) -> str:
        return f"{self.what} ({self.url})"


@dataclass(frozen=True)
class Lab:
    """A lab as its file of words describes it; `id` is the file's name, as in `03-wrong-subject`.

    `lesson` is the notebook that the lab belongs to; `debrief` names the kind of fault, to whoever
    has mended it, `seen` where it was met elsewhere. `broken` are the goals that a check misses
    right after the start, `links` the doctor's links that are then broken or at risk. `account` is
    that of the role and of the bucket, `bucket` its name where it is not the usual one. `see` are
    the commands that show a symptom of another kind.
    """

    id: str
    words: Path
    title: str
    level: str
    minutes: int
    lesson: str
    story: str
    goals: tuple[str, ...]
    hints: tuple[str, ...]
    broken: tuple[str, ...]
    links: tuple[str, ...]
    debrief: str
    seen: tuple[Sighting, ...]
    account: str = OWN_ACCOUNT
    bucket: str = ""
    see: tuple[str, ...] = ()

    @property
    def functions(self) -> Path:
        """The file of the lab's functions, beside its words."""
        return self.words.with_suffix(".py")

    @property
    def notebook(self) -> Path:
        """The notebook in which a learner works."""
        return self.words.parents[1] / f"{self.id}.ipynb"

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

    def following(self) -> Lab | None:
        """The lab with the next number; None after the last one."""
        return next((lab for lab in all_labs() if lab.number > self.number), None)

    def refuse_gaps(self) -> None:
        """Raises IrsaLabError that names each line which its author has still to fill in."""
        gaps = [
            f"{path.name}:{number}"
            for path in (self.words, self.functions)
            for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
            if GAP in line
        ]
        if gaps:
            raise IrsaLabError(
                f"lab {self.id} has gaps: {', '.join(gaps)}",
                next_step=f"fill in what the lines with {GAP} ask for, in {self.words.parent}",
            )


def labs_folder() -> Path:
    """The project's `labs/`. Raises IrsaLabError outside of the project."""
    root = state.project_root()
    if root is None:
        raise IrsaLabError("the labs are not here", next_step="cd into the project's folder")
    return root / "labs"


def machinery_folder() -> Path:
    """Where the labs' words and functions are. Raises IrsaLabError outside of the project."""
    return labs_folder() / ".machinery"


def load_lab(path: Path) -> Lab:
    """The lab of a file of words. Raises IrsaLabError that names what it lacks."""
    described = read_words(path.read_text(encoding="utf-8"))
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
    described |= {name: tuple(described.get(name, ())) for name in LISTS}
    described["seen"] = tuple(Sighting(**met) for met in described["seen"])
    return Lab(id=path.stem, words=path, **described)


def all_labs() -> list[Lab]:
    """Every lab of the project, in the order of their numbers."""
    return [load_lab(path) for path in sorted(machinery_folder().glob("[0-9]*.yaml"))]


def find_lab(name: str) -> Lab:
    """The lab of that id or number, as in `3`. Raises IrsaLabError that tells what is alike."""
    known = all_labs()
    for lab in known:
        if name in {lab.id, lab.number, lab.number.lstrip("0")}:
            return lab
    alike = difflib.get_close_matches(name, [lab.id for lab in known], n=3)
    told = f"did you mean {' or '.join(alike)}? " if alike else ""
    raise IrsaLabError(
        f"no lab {name!r}",
        next_step=f"{told}there are {known[0].number} to {known[-1].number}; "
        "irsa-lab labs lists them",
    )
