"""An object that cannot be written costs itself: never the list, the table or the watch."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

MAPS = "/api/v1/namespaces/default/configmaps"
TABLE = {"Accept": "application/json;as=Table;g=meta.k8s.io;v=v1"}
YAML = {"Accept": "application/yaml"}
NESTED: list[Any] = []
for _ in range(5_000):
    NESTED = [NESTED]
HALF, UNWRITABLE = {"k": "a\ud800b"}, {"nan": float("nan"), "deep": NESTED, "set": {1}}


def stored(http: Any, name: str, data: Any) -> None:
    """Put an object where an older sandbox, or a fault of this one, might have left it."""
    metadata = {"name": name, "namespace": "default", "uid": name, "resourceVersion": ""}
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}
    http.server._store._keep(("configmaps", "default", name), body, 0)


@pytest.fixture(params=["nan", "deep", "set"])
def broken(http: Any, request: pytest.FixtureRequest) -> Iterator[str]:
    """The name of an object that there is no JSON for, beside a good one."""
    stored(http, "good", {"k": "v"})
    stored(http, "broken", {"k": UNWRITABLE[request.param]})
    yield "broken"
    for name in ("good", "broken"):
        http.server._store._drop(("configmaps", "default", name))


def test_a_list_goes_without_it(http: Any, broken: str) -> None:
    names = {each["metadata"]["name"] for each in http("GET", MAPS).json()["items"]}
    assert "good" in names
    assert broken not in names


def test_asked_for_itself_it_is_an_error_and_nothing_else_is(http: Any, broken: str) -> None:
    answer = http("GET", f"{MAPS}/{broken}")
    assert (answer.status_code, answer.json()["reason"]) == (500, "InternalError")
    assert "cannot be written" in answer.json()["message"]
    assert http("GET", f"{MAPS}/good").status_code == 200


def test_a_table_shows_its_name(http: Any, broken: str) -> None:
    rows = http("GET", MAPS, headers=TABLE).json()["rows"]
    assert {"good", broken} <= {row["cells"][0] for row in rows}


def test_a_watch_goes_on_without_it(http: Any) -> None:
    stored(http, "good", {"k": "v"})
    stored(http, "half", HALF)
    for name, value in UNWRITABLE.items():
        stored(http, name, {"k": value})
    lines = http("GET", f"{MAPS}?watch=1&timeoutSeconds=1").text.splitlines()
    names = [json.loads(line)["object"]["metadata"]["name"] for line in lines]
    for name in ("good", "half", *UNWRITABLE):
        http.server._store._drop(("configmaps", "default", name))
    assert {"good", "half"} <= set(names)
    assert not set(UNWRITABLE) & set(names)


@pytest.mark.parametrize("headers", [{}, YAML])
def test_half_a_surrogate_pair_is_shown_as_go_shows_it(http: Any, headers: Any) -> None:
    stored(http, "half", HALF)
    listed = http("GET", MAPS, headers=headers)
    items = yaml.safe_load(listed.content)["items"]
    data = next(each["data"] for each in items if each["metadata"]["name"] == "half")
    assert data["k"] == "a\ufffdb"
    assert listed.content.decode()
    http.server._store._drop(("configmaps", "default", "half"))


def test_an_object_that_its_columns_cannot_show_has_a_row(http: Any) -> None:
    body = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "odd", "namespace": "default"}}
    key = ("pods", "default", "odd")
    http.server._store._keep(key, body | {"spec": None, "status": []}, 0)
    rows = http("GET", "/api/v1/namespaces/default/pods", headers=TABLE).json()["rows"]
    http.server._store._drop(key)
    assert rows[0]["cells"][:2] == ["odd", "<unknown>"]
