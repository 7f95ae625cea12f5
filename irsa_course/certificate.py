"""The page for those who are through the course: one drawing, to print or to save as a picture."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from html import escape
from importlib.resources import files

WIDTH, HEIGHT = 1120, 792  # A4, lying
GREEN, DARK, QUIET = "#0b6e4f", "#1f2328", "#57606a"
SERIF = "Georgia, 'Times New Roman', serif"
LIST_TOP, LIST_LINE, LONGEST = 402, 25, 46
SEAL_TOP, SEAL_STEP = 598, 210
Reached = tuple[str, str]
Seal = tuple[str, int, int]
LANES = ("Pod", "token", "STS", "role", "AWS")


def certificate_html(
    name: str, reached: Sequence[Reached], seals: Sequence[Seal], day: date
) -> str:
    """The page; it needs nothing from anywhere.

    `reached` has what was worked through, and how much of it was right; each of the three `seals`
    says of what, how many, and out of how many.
    """
    template = files("irsa_course").joinpath("certificate.html").read_text("utf-8")
    return template.replace("<!-- drawing -->", _drawing(name, reached, seals, day))


def _drawing(name: str, reached: Sequence[Reached], seals: Sequence[Seal], day: date) -> str:
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" role="img" viewBox="0 0 {WIDTH} {HEIGHT}" '
            f'width="{WIDTH}" height="{HEIGHT}" font-family="system-ui, sans-serif">',
            f"<title>Certificate: {escape(name)}, IRSA Lab</title>",
            *_frame(),
            *_handshake(),
            _line(206, "IRSA LAB", 20, GREEN, spacing=8),
            _line(270, name, _fitting(name), DARK, font=SERIF),
            f'<path d="M 330 290 H 790" stroke="{GREEN}" stroke-width="1.5"/>',
            _line(320, "has worked through the course", 18, QUIET),
            _line(354, "IAM Roles for Service Accounts on Amazon EKS", 26, DARK, font=SERIF),
            *_reached(reached),
            *_seals(seals),
            _line(710, f"{day:%d %B %Y}", 16, DARK),
            _line(
                736,
                "Nobody has signed this. It says what the checks found in this learner's "
                "own world, and no more.",
                13,
                QUIET,
            ),
            "</svg>",
        ]
    )


def _line(
    y: int, text: str, size: int, colour: str, *, font: str = "", spacing: int = 0, x: int = 560
) -> str:
    """A line of text, centred at `x`."""
    family = f' font-family="{font}"' if font else ""
    wide = f' letter-spacing="{spacing}"' if spacing else ""
    return (
        f'<text x="{x}" y="{y}" text-anchor="middle" font-size="{size}" fill="{colour}"'
        f"{family}{wide}>{escape(text)}</text>"
    )


def _fitting(name: str) -> int:
    """The size in which a name fits its line."""
    return max(18, min(54, 1500 // max(len(name), 1)))


def _frame() -> list[str]:
    """A double frame on white paper."""
    return [
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
        f'<rect x="24" y="24" width="1072" height="744" rx="10" fill="none" stroke="{GREEN}" '
        'stroke-width="6"/>',
        f'<rect x="36" y="36" width="1048" height="720" rx="6" fill="none" stroke="{GREEN}" '
        'stroke-width="1.5"/>',
    ]


def _handshake() -> list[str]:
    """The way from a Pod to AWS, which was built arrow by arrow."""
    parts = []
    for place, lane in enumerate(LANES):
        x = 560 + (place - 2) * 160
        if place:
            parts.append(
                f'<path d="M {x - 112} 104 H {x - 56}" stroke="{GREEN}" stroke-width="3"/>'
                f'<path d="M {x - 48} 104 l -12 -7 v 14 z" fill="{GREEN}"/>'
            )
        parts.append(
            f'<rect x="{x - 44}" y="84" width="88" height="40" rx="20" fill="#e6f4ee" '
            f'stroke="{GREEN}" stroke-width="1.5"/>' + _line(110, lane, 17, GREEN, x=x)
        )
    return parts


def _reached(reached: Sequence[Reached]) -> list[str]:
    """What was done, in two columns: each with a mark, and how much of it."""
    half = (len(reached) + 1) // 2
    parts = []
    for place, (title, count) in enumerate(reached):
        column, row = divmod(place, half)
        x, y = 140 + column * 450, LIST_TOP + row * LIST_LINE
        short = title if len(title) <= LONGEST else f"{title[: LONGEST - 1]}…"
        parts.append(
            f'<text x="{x}" y="{y}" font-size="15" fill="{DARK}">'
            f'<tspan fill="{GREEN}" font-weight="700">✓ </tspan>{escape(short)}'
            f'<tspan fill="{QUIET}" font-size="13">  {escape(count)}</tspan></text>'
        )
    return parts


def _seals(seals: Sequence[Seal]) -> list[str]:
    """A round seal for each number that was reached, side by side."""
    parts = []
    for place, (what, done, of) in enumerate(seals):
        x = 560 + round((place - (len(seals) - 1) / 2) * SEAL_STEP)
        parts += [
            f'<circle cx="{x}" cy="{SEAL_TOP}" r="52" fill="#e6f4ee" stroke="{GREEN}" '
            'stroke-width="4"/>',
            f'<circle cx="{x}" cy="{SEAL_TOP}" r="45" fill="none" stroke="{GREEN}" '
            'stroke-dasharray="3 4"/>',
            _line(SEAL_TOP + 4, str(done), 34, GREEN, font=SERIF, x=x),
            _line(SEAL_TOP + 24, f"of {of}", 14, GREEN, x=x),
            _line(SEAL_TOP + 76, what, 14, DARK, x=x),
        ]
    return parts
