"""What a person with a sandbox should know: shown by `irsa-lab status` until it is settled."""

from __future__ import annotations

import logging

log = logging.getLogger("irsa-lab")

_notices: dict[str, str] = {}


def tell(topic: str, text: str) -> None:
    """Say something; a later text on the same topic takes its place."""
    if _notices.get(topic) != text:
        log.warning("%s", text)
    _notices[topic] = text


def settle(topic: str) -> None:
    """What was said on that topic is no longer so."""
    _notices.pop(topic, None)


def told() -> list[str]:
    """The texts of this process that are not settled."""
    return list(_notices.values())
