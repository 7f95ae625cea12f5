"""Two teams, one wall: what must work again."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from irsa_helpers.labs.goals import chain_goals, look
from irsa_helpers.labs.model import Goal
from irsa_helpers.labs.scene import Scene
from irsa_helpers.worlds import World

WALL = "green does not read blue's bucket"


def check(world: World) -> list[Goal]:
    """Each goal of both teams with what was seen, and the wall between them."""
    blue, green = Scene(world, "lab-31"), Scene(world, "lab-31-green")
    with ThreadPoolExecutor(2) as pool:
        looks = pool.submit(look, blue), pool.submit(look, green, other=blue.bucket)
    seen = dict(zip(("31", "31-green"), (each.result() for each in looks), strict=True))
    named = [
        replace(goal, name=f"{team}: {goal.name}")
        for team, number in (("blue", "31"), ("green", "31-green"))
        for goal in chain_goals(world, number, seen[number])
    ]
    wall = seen["31-green"]
    return [*named, Goal(WALL, not wall.other_read, wall.other_text or wall.text, "a refusal")]
