"""The forms of texts in the API: names, labels, ports, quantities; and what is said of others.

Each function returns the API server's sentences about what is wrong, none where nothing is.
Source: apimachinery, pkg/util/validation and pkg/api/resource.
"""

from __future__ import annotations

import base64
import re
from fractions import Fraction
from math import ceil

_LABEL = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_SUBDOMAIN = rf"{_LABEL}(\.{_LABEL})*"
_DNS_1035 = r"[a-z]([-a-z0-9]*[a-z0-9])?"
_QUALIFIED = r"([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"
_VALUE = rf"({_QUALIFIED})?"
_KEY = r"[-._a-zA-Z0-9]+"
_ENVIRONMENT = r"[ -<>-~]+"
QUANTITY = r"^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$"
_SUFFIXES = ("", "n", "u", "m", "k", "M", "G", "T", "P", "E", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei")
_USED = "regex used for validation is"


def _length(text: str, longest: int) -> list[str]:
    return [f"must be no more than {longest} bytes"] if len(text.encode()) > longest else []


def _matched(text: str, pattern: str, longest: int, rule: str) -> list[str]:
    return _length(text, longest) + ([] if re.fullmatch(pattern, text) else [rule])


def dns_label(text: str) -> list[str]:
    """RFC 1123 label: the names of namespaces, containers and volumes."""
    return _matched(
        text,
        _LABEL,
        63,
        "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', "
        "and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', "
        f"{_USED} '{_LABEL}')",
    )


def dns_subdomain(text: str) -> list[str]:
    """RFC 1123 subdomain: most names."""
    return _matched(
        text,
        _SUBDOMAIN,
        253,
        "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, "
        "'-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', "
        f"{_USED} '{_SUBDOMAIN}')",
    )


def dns_1035_label(text: str) -> list[str]:
    """RFC 1035 label: the names of Services."""
    return _matched(
        text,
        _DNS_1035,
        63,
        "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an "
        "alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or "
        f"'abc-123', {_USED} '{_DNS_1035}')",
    )


def path_segment(text: str) -> list[str]:
    """The names of RBAC objects, which need only fit into a URL."""
    if text in {".", ".."}:
        return [f"may not be '{text}'"]
    return [f"may not contain '{character}'" for character in "/%" if character in text]


def qualified_name(text: str) -> list[str]:
    """The key of a label or an annotation: a name, perhaps after a prefix and a slash."""
    prefix, slash, name = text.rpartition("/")
    if text.count("/") > 1:
        return [
            "a qualified name must consist of alphanumeric characters, '-', '_' or '.', and must "
            "start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or "
            f"'123-abc', {_USED} '{_QUALIFIED}') with an optional DNS subdomain prefix and '/' "
            "(e.g. 'example.com/MyName')"
        ]
    faults: list[str] = []
    if slash and not prefix:
        faults.append("prefix part must be non-empty")
    elif slash:
        faults += [f"prefix part {fault}" for fault in dns_subdomain(prefix)]
    if not name:
        faults.append("name part must be non-empty")
    faults += [f"name part {fault}" for fault in _length(name, 63)]
    if not re.fullmatch(_QUALIFIED, name):
        faults.append(
            "name part must consist of alphanumeric characters, '-', '_' or '.', and must start "
            "and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', "
            f"{_USED} '{_QUALIFIED}')"
        )
    return faults


def label_value(text: str) -> list[str]:
    """The value of a label."""
    faults = _length(text, 63)
    if not re.fullmatch(_VALUE, text):
        faults.append(
            "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' "
            "or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or "
            f"'my_value',  or '12345', {_USED} '{_VALUE}')"
        )
    return faults


def config_key(text: str) -> list[str]:
    """A key of a ConfigMap or a Secret."""
    faults = _length(text, 253)
    if not re.fullmatch(_KEY, text):
        faults.append(
            "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. "
            f"'key.name',  or 'KEY_NAME',  or 'key-name', {_USED} '{_KEY}')"
        )
    elif text in {".", ".."}:
        faults.append(f"must not be '{text}'")
    elif text.startswith(".."):
        faults.append("must not start with '..'")
    return faults


def environment_name(text: str) -> list[str]:
    """The name of an environment variable."""
    if re.fullmatch(_ENVIRONMENT, text):
        return []
    return [
        "a valid environment variable name must consist only of printable ASCII characters other "
        "than '='"
    ]


def port_number(value: int) -> list[str]:
    """A port."""
    return [] if 1 <= value <= 65535 else ["must be between 1 and 65535, inclusive"]


def port_name(text: str) -> list[str]:
    """A port's name (IANA_SVC_NAME)."""
    faults = ["must be no more than 15 characters long"] if len(text) > 15 else []
    if not re.fullmatch(r"[-a-z0-9]+", text):
        faults.append("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)")
    if not re.search(r"[a-z]", text):
        faults.append("must contain at least one letter (a-z)")
    if "--" in text:
        faults.append("must not contain consecutive hyphens")
    if text.startswith("-") or text.endswith("-"):
        faults.append("must not begin or end with a hyphen")
    return faults


def quantity(text: str) -> list[str]:
    """A quantity such as `250m` or `1Gi`."""
    parts = re.match(QUANTITY, text)
    if text and not parts:
        return [f"quantities must match the regular expression '{QUANTITY}'"]
    number, suffix = parts.groups() if parts else ("", "")
    if not re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)", number):
        return [f"quantities must match the regular expression '{QUANTITY}'"]
    if suffix not in _SUFFIXES and not re.fullmatch(r"[eE][-+]?\d+", suffix):
        return ["unable to parse quantity's suffix"]
    return []


_FACTORS = {name: 1000**power for power, name in enumerate(("", "k", "M", "G", "T", "P", "E"))} | {
    name: 1024**power for power, name in enumerate(("Ki", "Mi", "Gi", "Ti", "Pi", "Ei"), 1)
}


def quantity_value(text: str | float) -> float:
    """The number that a quantity stands for."""
    parts = re.match(QUANTITY, str(text))
    if parts is None:
        return float(text)
    number, suffix = parts.groups()
    if suffix in {"n", "u", "m"}:
        return float(number) / {"n": 10**9, "u": 10**6, "m": 1000}[suffix]
    if suffix in _FACTORS:
        return float(number) * int(_FACTORS[suffix])
    return float(number + suffix)


def canonical_quantity(text: str | float) -> str:
    """A quantity as the API writes it back: `1000m` is `1`, `0.5` is `500m`, `1024Mi` is `1Gi`.

    Source: apimachinery, pkg/api/resource: CanonicalizeBytes.
    """
    parts = re.fullmatch(r"([+-]?[0-9.]+)([a-zA-Z]*)([-+]?[0-9]*)", str(text))
    if parts is None or quantity(str(text)) or parts[3] or parts[2] == "e":
        return str(text)
    number, suffix = Fraction(parts[1]), parts[2]
    if suffix.endswith("i"):
        value = number * int(_FACTORS[suffix])
        if value.denominator == 1 and abs(value) >= 1024:
            return _scaled(value, 1024, ("", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"))
    else:
        scale = {"n": -3, "u": -2, "m": -1}.get(suffix)
        value = number * (Fraction(1000) ** scale if scale else int(_FACTORS[suffix]))
    # A billionth is the smallest unit: what is smaller is rounded up.
    return _scaled(Fraction(ceil(value * 10**9)), 1000, _DECIMAL)


_DECIMAL = ("n", "u", "m", "", "k", "M", "G", "T", "P", "E")


def _scaled(value: Fraction, base: int, suffixes: tuple[str, ...]) -> str:
    """A whole number with the largest suffix that leaves it whole."""
    count = int(value)
    if not count:
        return "0"
    index = 0
    while count % base == 0 and index + 1 < len(suffixes):
        count, index = count // base, index + 1
    return f"{count}{suffixes[index]}"


def base64_fault(text: str) -> str:
    """What Go says of a text that is not base64 with its padding; empty for one that is.

    Line breaks count nowhere. Source: Go, encoding/base64: decodeQuantum.
    """
    at = _base64_fault_at(text)
    return "" if at is None else f"illegal base64 data at input byte {at}"


def _base64_fault_at(text: str) -> int | None:
    end = re.match(r"[A-Za-z0-9+/\r\n]*", text).end()  # type: ignore[union-attr]
    over = sum(sign not in "\r\n" for sign in text[:end]) % 4
    if end == len(text):
        return end - over if over else None
    if text[end] != "=" or over < 2:
        return end
    at = _after_breaks(text, end + 1)
    if over == 2:
        if text[at : at + 1] != "=":
            return at - 1 if at < len(text) else at
        at = _after_breaks(text, at + 1)
    return at if at < len(text) else None


def _after_breaks(text: str, at: int) -> int:
    while text[at : at + 1] in {"\r", "\n"}:
        at += 1
    return at


def canonical_base64(text: str) -> str:
    """Base64 as Go writes what it read: without line breaks or bits that say nothing."""
    return base64.b64encode(base64.b64decode(text)).decode()
