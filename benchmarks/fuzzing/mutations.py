"""Odd values, and valid bodies with odd values at some of their places."""

from __future__ import annotations

import copy
import gzip
import json
from collections.abc import Iterator
from typing import Any

import yaml
from hypothesis import strategies as st

DEEP = 3_000
ODD_TEXTS = (
    *("", " ", "\0", "a\0b", "\ud800", "x\udfffy", "\n", "\x7f", "é", "😀", "١", "²", "İ", "ß"),
    *(".", "..", "../../etc", "/", "//", "~1", "%00", "%zz", "-", "*", "?", "${aws:x}", "${", "\\"),
    *("1e999999999", "-1e-999999999", "1" * 5_000, "0x10", "NaN", "1Ei", "9" * 20, "1_0", "+1"),
    *("9999-12-31T23:59:59Z", "0000-00-00T00:00:00Z", "2026-02-30T25:61:61Z", "1e400s", "10h"),
    *(
        "*/0 * * * *",
        "@every 0s",
        "0 0 31 2 *",
        "1-0 * * * *",
        "* * * * * *",
        "CRON_TZ=Mars 0 0 * * *",
    ),
    *("a" * 300, "a" * 70_000, "*a" * 200 + "z", "(a+)+$", "(" * 2_000, "[" * 2_000, "{" * 2_000),
    *(
        "true",
        "null",
        "None",
        "metadata.name",
        "a.b.c/d",
        "arn:aws:iam::1:role/x",
        "http://[",
        "=",
        ",",
    ),
)
ODD_VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1, 2**31, 2**63, -(2**63) - 1, 10**400, 0.5, 1e308, -0.0),
    *([], {}, [None], [[]], [{}], {"": ""}, {"a": None}, {"a": [{}]}, ["a", 1, None, {}]),
    *([{"name": "a"}] * 2, [{"name": "a"}, {"name": "a"}], {str(i): i for i in range(2_000)}),
)

texts = st.one_of(st.sampled_from(ODD_TEXTS), st.text(st.characters(), max_size=12))
# A copy each time: what is put into a body may be changed there.
values = st.one_of(
    texts, st.sampled_from(ODD_VALUES).map(copy.deepcopy), st.integers(), st.floats()
)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path to each value within a value, its own first."""
    yield path
    items: Any = ()
    if isinstance(value, dict):
        items = value.items()
    elif isinstance(value, list):
        items = enumerate(value)
    for key, member in items:
        yield from places(member, (*path, key))


@st.composite
def mutated(draw: st.DrawFn, whole: Any) -> Any:
    """A JSON value with up to three of its places changed."""
    value = copy.deepcopy(whole)
    for _ in range(draw(st.integers(0, 3))):
        path = draw(st.sampled_from(list(places(value))))
        value = _changed(draw, value, path)
    return value


def _changed(draw: st.DrawFn, value: Any, path: tuple[Any, ...]) -> Any:
    if not path:
        return draw(values) if draw(st.integers(0, 5)) == 5 else value
    holder = value
    for key in path[:-1]:
        holder = holder[key]
    how = draw(st.sampled_from(("replace", "replace", "remove", "add", "rename", "repeat")))
    if how == "remove":
        del holder[path[-1]]
    elif how == "rename" and isinstance(holder, dict):
        holder[draw(texts)] = holder.pop(path[-1])
    elif how == "repeat" and isinstance(holder, list):
        holder += [copy.deepcopy(holder[path[-1]])] * draw(st.sampled_from((1, 300)))
    elif how == "add" and isinstance(holder, dict):
        holder[draw(texts)] = draw(values)
    else:
        holder[path[-1]] = draw(values)
    return value


@st.composite
def json_bytes(draw: st.DrawFn, value: Any) -> bytes:
    """The JSON of a value, perhaps with a member twice, nested without end, or cut short."""
    text = json.dumps(value)
    how = draw(st.sampled_from(("plain",) * 8 + ("twice", "deep", "cut", "number", "bytes", "bom")))
    if how == "twice":
        text = text.replace("{", '{"kind":"x","kind":1,"metadata":{},', 1)
    elif how == "deep":
        opening, closing = draw(st.sampled_from(("[]", ('{"a":', "}"))))
        text = text.replace("{", f'{{"deep":{opening * DEEP}1{closing * DEEP},', 1)
    elif how == "cut":
        text = text[: draw(st.integers(0, len(text)))]
    elif how == "number":
        text = text.replace(
            "{", '{"n":' + draw(st.sampled_from(("1e999", "9" * 6_000, "-"))) + ",", 1
        )
    elif how == "bytes":
        return text.encode() + draw(st.binary(max_size=8))
    return (b"\xef\xbb\xbf" if how == "bom" else b"") + text.encode()


def yaml_bytes(value: Any) -> bytes:
    """The YAML of a value; its JSON, which is YAML as well, where a text cannot be encoded."""
    try:
        return yaml.dump(value, Dumper=getattr(yaml, "CSafeDumper", yaml.SafeDumper)).encode()
    except UnicodeEncodeError:
        return json.dumps(value).encode()


def gzipped(raw: bytes) -> bytes:
    """The body packed, at the least effort."""
    return gzip.compress(raw, 1)
