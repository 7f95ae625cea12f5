"""Which writes of a journal a later one has overwritten whole, so that they need no replay.

Looked at are the writes that are made by the thousand: of an S3 object in a bucket without
versions, and of a DynamoDB item. All else is kept, and nothing of its service is left out across
it, since it may depend on what was there (a copy, a table that is deleted, a bucket's versioning).
"""

from __future__ import annotations

from collections.abc import Sequence

from irsa_sandbox.aws.services import registry
from irsa_sandbox.aws.services.record import Effect, Entry


class Reader:
    """Reads entries in order, each as its service understands it."""

    def __init__(self) -> None:
        services = registry().values()
        self._readers = {service.name: service.journal() for service in services if service.journal}

    def effect(self, entry: Entry) -> Effect:
        """What an entry writes."""
        reader = self._readers.get(entry["service"])
        return reader(entry) if reader else Effect(str(entry["service"]), None)


def survivors(effects: Sequence[Effect]) -> list[bool]:
    """For each entry, whether it is needed: a later one does not overwrite all that it wrote."""
    kept: list[bool] = []
    overwritten: dict[str, set[tuple[str, ...]]] = {}
    for effect in reversed(effects):
        of_service = overwritten.setdefault(effect.service, set())
        kept.append(effect.written is None or effect.written not in of_service)
        if effect.written is None:
            of_service.clear()
        elif effect.overwrites:
            of_service.add(effect.written)
    return kept[::-1]
