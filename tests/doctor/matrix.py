"""The doctor's matrix: odd chains that work, and broken ones with the link that is to be named.

`python -m tests.doctor.matrix > docs/doctor.md` writes the page that shows it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from irsa_helpers.doctor import LINKS
from irsa_helpers.doctor.evidence.logs import MOST_WORKLOADS
from irsa_helpers.doctor.links.addons import ADDONS
from tests.doctor.chains import Chain

Change = Callable[[Chain], Any]


@dataclass(frozen=True)
class Row:
    """A chain: its name, what makes it so, and the link that is broken (empty: none).

    `typed`: whether the fix is commands that mend it; otherwise it is said what to do, and a person
    must decide. `touches`: what else than the app's own its fix may change. `unseen`: what may stay
    unseen of a healthy chain.
    """

    name: str
    change: Change
    link: str = ""
    typed: bool = True
    touches: tuple[str, ...] = ()
    unseen: str = ""


def rows() -> tuple[list[Row], list[Row]]:
    """The healthy chains and the broken ones."""
    from tests.doctor import broken_chains, further_chains, healthy_chains

    return (
        [*healthy_chains.rows(), *further_chains.healthy()],
        [*broken_chains.rows(), *further_chains.broken()],
    )


HEAD = """# The doctor

`irsa-lab doctor deployment/NAME -n NAMESPACE` walks the chain from a workload to its permissions,
link by link. It says which link is broken, what the app then sees, and what to type. It reads, and
changes nothing. What it may not see is said as that: "every link holds" stands only where every
link was looked at.

```sh
irsa-lab doctor                                    # the whole cluster; -n shop: one namespace
irsa-lab doctor deployment/app -n shop             # one workload; also pod/NAME, sa/NAME, job/NAME
irsa-lab doctor deployment/app --watch             # follow a rollout until nothing is broken
irsa-lab doctor deployment/app -o markdown         # for a ticket; -o json, -o sarif for programs
kubectl irsa doctor deployment/app --profile ops   # your kubeconfig's cluster, an AWS profile
```

Exit status: 0 where nothing is broken, 1 where something is (with `--strict` also for what you may
not see), 2 for a command that makes no sense. `pip install irsa-lab` is enough for it: no
JupyterLab, no sandbox.

A fix adds or changes one statement, one variable of one container or one annotation. It is tried
before it is shown. What changes AWS is tried on a copy of what was read: the link's check is made
again, and everybody whom the policies name, and a stranger, must be answered as before. A fix that
takes access from somebody, or gives it to somebody else, is no command any more but a comment that
says who. What changes the cluster (`kubectl patch`, `annotate`, `label`, `set env`, `set
serviceaccount`, `rollout restart`) is tried by the API server's dry run.

## The whole cluster

Without a name it walks every Deployment, StatefulSet, DaemonSet, Job and CronJob, and each
ReplicaSet and Pod that none of these keeps up. A fault is told once, with the workloads that it
strikes and what is to be typed for each; the one that strikes most comes first. Beside it stands
who can become which role, without what a fault tells already. What could not be looked at is named:
a kind that you may not list, an open lab's namespace, the logs where there are more than
{MOST_WORKLOADS} workloads.

It lists each kind of object once, and reads all roles by one `iam:GetAccountAuthorizationDetails`;
where you may not call that, by a few calls a role. Secrets are not listed: those that a workload
names are read. 500 workloads against 200 roles took 2.2 to 3.4 s on two processors that others used
as well, the sandbox on the same machine (`python -m benchmarks doctor`).
"""


def page() -> str:
    """docs/doctor.md: how to use the doctor, what it looks at, and its matrix."""
    head = HEAD.replace("{MOST_WORKLOADS}", str(MOST_WORKLOADS))
    return "\n".join([head, *_links(), "", *_addons(), "", *_shop(), "", *_rows(), ""])


def _links() -> list[str]:
    rows = [
        f"| `{name}` | {(check.__doc__ or '').strip().splitlines()[0]} |"
        for name, check in LINKS.items()
    ]
    head = ["## What it looks at", "", "| link | holds where |", "| --- | --- |"]
    return [*head, *rows, "| `app-log` | No container's log ends with an AWS error. |"]


def _addons() -> list[str]:
    head = ["## Add-ons that it knows", "", "| add-on | ServiceAccounts | calls |"]
    rows = [
        f"| {addon.name} | {', '.join(f'`{a}`' for a in sorted(addon.accounts))} | "
        f"{', '.join(call.replace('|', ' or ') for call in addon.calls)} |"
        for addon in ADDONS
    ]
    return [*head, "| --- | --- | --- |", *rows]


SHOP = """## The EKS workshop's shop, with ten faults

A shop in the shape of the EKS workshop's base application (a namespace for each of seven services,
four databases) is left in peace: also its cart, whose ConfigMap has keys for a local DynamoDB that
look like AWS keys, since its account is to have no role. Each namespace has a NetworkPolicy that
keeps Pods from the node's metadata service; without these, that is one more risk. Then ten faults
are planted at a time. The view of the whole cluster names these, and nothing else:

| workload | what was done to it | link |
| --- | --- | --- |"""


def _shop() -> list[str]:
    from tests.doctor.shop import TEN

    rows = (f"| `{fault.workload}` | {fault.what} | `{fault.link}` |" for fault in TEN)
    return [*SHOP.splitlines(), *rows]


def _rows() -> list[str]:
    healthy, broken = rows()
    return [
        f"## {len(healthy)} odd chains that work, and are left in peace",
        "",
        *(f"* {row.name}" + (f" (`{row.unseen}` is unseen)" * bool(row.unseen)) for row in healthy),
        "",
        f"## {len(broken)} broken chains, and the link that is named",
        "",
        "| what is wrong | link | fix |",
        "| --- | --- | --- |",
        *(
            f"| {row.name} | `{row.link}` | {'commands' if row.typed else 'told in words'} |"
            for row in broken
        ),
    ]


if __name__ == "__main__":
    print(page(), end="")
