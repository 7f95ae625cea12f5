"""A token in its three parts: what each claim means, how long it lives, who signed it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from html import escape
from typing import TYPE_CHECKING, Any

from irsa_helpers.ground.claims import decode_unverified, token_facts
from irsa_helpers.printing.html import bar, code, table
from irsa_helpers.tokens import check_signature
from irsa_helpers.views.widgets import widget

if TYPE_CHECKING:
    from irsa_helpers.worlds import World

MARKS = {True: "✓ good", False: "✗ not good", None: "! not checked"}
MASK = "•" * 12
BAR_SIGNS = 30


class TokenView:
    """A token, to be shown: `facts` as `token_facts` gives them, `now` the world's time."""

    def __init__(self, facts: Mapping[str, Any], now: Callable[[], datetime]) -> None:
        self.facts = facts
        self._now = now

    def widget(self) -> Any:
        """The token with its life running, by the world's time."""
        view = widget("token", tokens=[self.facts], now=self._seconds())

        def answer(view: Any, _message: Mapping[str, Any], _buffers: object) -> None:
            view.now = self._seconds()

        view.on_msg(answer)
        return view

    def _seconds(self) -> float:
        return self._now().timestamp()

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        """The view where one can run, the table of it where none can."""
        shown, _metadata = self.widget()._repr_mimebundle_()
        return {
            **shown,
            "text/html": token_html(self.facts, self._seconds()),
            "text/plain": str(self),
        }

    def __str__(self) -> str:
        rows = [*self.facts["header"], *self.facts["claims"]]
        lines = [f"{row['claim']:<30}{row['value']}\n{'':<30}{row['meaning']}" for row in rows]
        signature = self.facts["signature"]
        lines.append(f"{'signature':<30}{MARKS[signature['good']]}: {signature['said']}")
        return "\n".join([*lines, life_in_words(self.facts["life"], self._seconds())])


def token_view(world: World, token: str) -> TokenView:
    """Show a token's header, claims and signature, and how much of its life is left.

    The signature is checked with the issuer's published keys, and masked: a token is a password
    until it expires. Raises IrsaLabError where the text is no token.
    """
    signature = check_signature(world, token)
    facts = token_facts(decode_unverified(token), good=signature.good, said=signature.said)
    return TokenView(facts, lambda: world.now(facts["namespace"]))


def token_html(facts: Mapping[str, Any], now: float) -> str:
    """The token as a table that needs no script."""
    signature = facts["signature"]
    rows = [
        ("1. Header: how it is signed",),
        *_cells(facts["header"]),
        ("2. Claims: what it says",),
        *_cells(facts["claims"]),
        ("3. Signature: who vouches for it",),
        (MASK, MARKS[signature["good"]], signature["said"]),
    ]
    life = escape(life_in_words(facts["life"], now))
    shown = bar(gone(facts["life"], now), BAR_SIGNS)
    return f"{table(('claim', 'value', 'meaning'), rows)}<p>{shown} {life}</p>"


def _cells(rows: list[dict[str, Any]]) -> list[tuple[str, ...]]:
    """Each claim; what AWS looks at is said."""
    looks = {True: "AWS looks at it: ", False: ""}
    return [(r["claim"], code(r["value"]), looks[r["compared"]] + r["meaning"]) for r in rows]


def gone(life: Mapping[str, Any], now: float) -> float:
    """The part of a life that is over, from 0 to 1; 0 where it does not say when it ends."""
    begins, ends = life["begins"], life["ends"]
    if begins is None or ends is None or ends <= begins:
        return 0.0
    over: float = (now - begins) / (ends - begins)
    return min(1.0, max(0.0, over))


def life_in_words(life: Mapping[str, Any], now: float) -> str:
    """Such as `in force: 12 % of its 24 h 0 min are over`."""
    begins, ends = life["begins"], life["ends"]
    if ends is None:
        return "it does not say when it ends: STS refuses it"
    if now >= ends:
        return f"expired {_span(now - ends)} ago: STS refuses it"
    if begins is None or now < begins:
        return f"not in force yet; it ends in {_span(ends - now)}"
    return f"in force: {gone(life, now):.0%} of its {_span(ends - begins)} are over"


def _span(seconds: float) -> str:
    minutes = int(seconds // 60)
    return f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min"
