"""Tempting fixes that more than one lab must not let pass."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from irsa_helpers.labs.scene import Scene


def drop_the_subject(scene: Scene) -> None:
    """Without a condition on the subject any Pod of the cluster gets in."""
    condition = {scene.key("aud"): "sts.amazonaws.com"}
    scene.set_trust(scene.condition_trust({"StringEquals": condition}))


def static_keys(scene: Scene) -> None:
    """A person's keys read the bucket, but not as the app."""
    scene.deploy(environment=scene.static_keys())


def close_without_looking(scene: Scene) -> None:
    """Right, but what it was about has not been seen."""
    scene.set_trust(scene.trust_policy())
