"""Names and ids that the sandbox makes up: by chance, or with a seed the same each time.

`IRSA_LAB_SEED` is read when a sandbox starts; it is for a world that begins anew. The sandbox's
own keys and tokens are never drawn here.
"""

from __future__ import annotations

import random
import uuid
from collections import Counter


class Chance:
    """A source of random numbers for each purpose.

    With a seed, numbers depend on the purpose and on how often it has come, and not on who else
    drew in between: the sandbox's parts run side by side.
    """

    def __init__(self, seed: str | None = None) -> None:
        self.begin(seed)

    def begin(self, seed: str | None) -> None:
        """Draw by that seed from now on, as if nothing had been drawn; None: by chance."""
        self._seed = seed
        self._drawn: Counter[tuple[str, ...]] = Counter()

    def numbers(self, *purpose: str) -> random.Random:
        """The numbers for a purpose, as in `numbers("name", "web-")`."""
        if self._seed is None:
            return random.SystemRandom()
        self._drawn[purpose] += 1
        return random.Random(repr((self._seed, purpose, self._drawn[purpose])))

    def uid(self, *purpose: str) -> str:
        """A version 4 UUID."""
        return str(uuid.UUID(int=self.numbers("uid", *purpose).getrandbits(128), version=4))


CHANCE = Chance()
