"""A view's ES module as a widget of a notebook."""

from __future__ import annotations

from typing import Any

from irsa_helpers.ground.modules import styles, widget_script


def widget(name: str, **state: Any) -> Any:
    """A widget that runs a view's module; `state` is what it shows, a trait for each name.

    The page sends messages by `on_msg`; a trait that is set here is shown there at once.
    """
    import anywidget
    import traitlets

    members: dict[str, Any] = {key: traitlets.Any().tag(sync=True) for key in state}
    members |= {"_esm": widget_script(name), "_css": styles()}
    return type(f"{name.title()}View", (anywidget.AnyWidget,), members)(**state)
