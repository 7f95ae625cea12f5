"""Healthy chains are left in peace; of broken ones the link is named and mended, and no other."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from irsa_helpers.doctor import survey
from tests.doctor.chains import Chain, copied
from tests.doctor.hand import type_in
from tests.doctor.matrix import Row, page, rows

ROOT = Path(__file__).parents[2]

HEALTHY, BROKEN = rows()


def name_of(row: Row) -> str:
    return row.name


def told_of_the_app(chain: Chain) -> list[str]:
    """The links of the faults that the view of the whole cluster has of the app."""
    told = survey(chain.world).faults
    return [fault.link.name for fault in told if "shop/deployment/app" in fault.workloads]


@pytest.mark.parametrize("row", HEALTHY, ids=name_of)
def test_a_chain_that_works_is_left_in_peace(row: Row) -> None:
    chain = Chain()
    row.change(chain)
    found = chain.diagnose()
    assert not found.problems, str(found)
    assert ", ".join(link.name for link in found.unseen) == row.unseen, str(found)
    if not row.unseen:
        assert found.summary == "every link holds"
    assert not told_of_the_app(chain)


@pytest.mark.parametrize("row", BROKEN, ids=name_of)
def test_the_broken_link_is_named_its_fix_mends_it_and_nobody_else_is_touched(row: Row) -> None:
    chain = Chain()
    row.change(chain)
    found = chain.diagnose()
    assert [link.name for link in found.problems] == [row.link], str(found)
    [problem] = found.problems
    assert problem.found
    assert problem.expected
    assert problem.fix
    assert told_of_the_app(chain) == [row.link]
    before = chain.others(), chain.statements_of_others(), chain.others_on_bucket()
    trust_before = copied(chain)["role"]
    typed = type_in(chain.world, problem.fix)
    after = chain.others(), chain.statements_of_others(), chain.others_on_bucket()
    assert [k for k, v in after[0]["objects"].items() if before[0]["objects"].get(k) != v] == list(
        row.touches
    )
    assert after[0]["roles"] == before[0]["roles"]
    assert after[1:] == before[1:], "somebody else's access changed"
    if trust_before is not None:
        assert _changed(trust_before["trust"], chain.role["trust"]) <= 1
    if row.typed:
        assert typed
        assert chain.diagnose().ok, f"{problem.fix}\n{chain.diagnose()}"


def _changed(before: dict[str, list[object]], after: dict[str, list[object]]) -> int:
    """How many statements are other than before."""
    old = before["Statement"] if isinstance(before["Statement"], list) else [before["Statement"]]
    known = [json.dumps(each) for each in old]
    return sum(json.dumps(each) not in known for each in after["Statement"])


def test_the_page_shows_the_matrix_as_it_is() -> None:
    written = (ROOT / "docs/doctor.md").read_text("utf-8")
    assert written == page(), "python -m tests.doctor.matrix > docs/doctor.md"


def test_the_matrix_is_as_large_as_it_is_said_to_be() -> None:
    assert len(HEALTHY) >= 60
    assert len(BROKEN) >= 120
    names = [row.name for row in (*HEALTHY, *BROKEN)]
    assert len(names) == len(set(names))
