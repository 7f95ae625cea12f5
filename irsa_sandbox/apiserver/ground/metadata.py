"""Names that the API server makes up.

Source: API conventions, generateName; apimachinery, pkg/util/rand.
"""

from __future__ import annotations

from irsa_sandbox.chance import CHANCE

# Vowels and look-alikes are left out, as in apimachinery's rand.SafeEncodeString.
SAFE_ALPHABET = "bcdfghjklmnpqrstvwxz2456789"
LONGEST_PREFIX = 58


def generated_name(prefix: str) -> str:
    """The prefix, cut where it is too long, and five random characters."""
    numbers = CHANCE.numbers("name", prefix)
    return prefix[:LONGEST_PREFIX] + "".join(numbers.choice(SAFE_ALPHABET) for _ in range(5))
