"""A picture's colours on a dark page: a style in the SVG, which a viewer heeds whose page is dark.

`python -m irsa_helpers.views.dark notebooks/images/*.svg` writes it into pictures.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

# What a picture is drawn with, and what stands for it on a dark page.
COLOURS = {
    "#ffffff": "#0d1117",
    "#f6f8fa": "#161b22",
    "#1f2328": "#e6edf3",
    "#57606a": "#9198a1",
    "#d0d7de": "#3d444d",
    "#ddf4ff": "#11233b",
    "#0a3069": "#a5d6ff",
    "#54aeff": "#388bfd",
    "#0969da": "#58a6ff",
    "#dafbe1": "#10291a",
    "#4ac26b": "#2ea043",
    "#1a7f37": "#56d364",
    "#ffebe9": "#321519",
    "#ff8182": "#da3633",
    "#cf222e": "#ff7b72",
    "#9a6700": "#d29922",
    "#a40e26": "#ffa198",
}
STYLE = re.compile(r"<style>@media \(prefers-color-scheme:dark\).*?</style>\n?")


def style() -> str:
    """The style element."""
    rules = "".join(
        f'[{what}="{light}"]{{{what}:{dark}}}'
        for light, dark in COLOURS.items()
        for what in ("fill", "stroke")
    )
    return f"<style>@media (prefers-color-scheme:dark){{{rules}}}</style>"


def with_dark(svg: str) -> str:
    """The picture with the style in it, before its title."""
    return STYLE.sub("", svg).replace("<title>", f"{style()}\n<title>", 1)


def main(paths: list[str]) -> None:
    """Write the style into the pictures, in place of an older one."""
    for path in map(Path, paths):
        path.write_text(with_dark(path.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
