"""What differs from another value is enough to have the value again."""

from __future__ import annotations

import copy
import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from irsa_sandbox.lean import changes, restored

leaves = st.none() | st.booleans() | st.sampled_from([2, 3.5, "", "a", "b"])
trees = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3)
    ),
    max_leaves=12,
)


@given(trees, trees)
def test_a_value_comes_back_whole(base: Any, value: Any) -> None:
    before = copy.deepcopy(base)
    found = json.loads(json.dumps(list(changes(base, value))))
    assert restored(base, found) == value
    assert base == before, "the base is as it was"


def test_only_what_differs_is_said() -> None:
    base = {"who": "a", "what": {"reasons": [{"n": 1, "ok": True}, {"n": 2, "ok": True}]}}
    value = {"who": "a", "what": {"reasons": ({"n": 1, "ok": True}, {"n": 2, "ok": False})}}
    assert list(changes(base, value)) == [(("what", "reasons", 1, "ok"), False)]
