"""A lab's functions: how its world is broken, judged and mended, in a file beside its words.

`setup(scene)` breaks the healthy chain that stands, `solution(scene)` mends it, `FIXES` are the
tempting fixes that must not pass, and `check(scene)`, where it is there, gives the goals; without
it they are those of a whole chain. `SLIPS`, where it is there, are functions of the scene that tell
a learner's slip in a sentence, or nothing.
"""

from __future__ import annotations

import ast
from importlib.util import module_from_spec, spec_from_file_location
from typing import TYPE_CHECKING, Any

from irsa_helpers.errors import IrsaLabError
from irsa_helpers.labs.model import OWN_ACCOUNT, Goal, Lab
from irsa_helpers.labs.scene import Scene, build_scene
from irsa_helpers.labs.slips import note_slips, note_trust_policy, slips_at_start
from irsa_helpers.worlds.sandbox import in_account

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from irsa_helpers.labs.usual_slips import Around
    from irsa_helpers.worlds import World


def scene_of(lab: Lab, world: World) -> Scene:
    """The lab's scene, as the administrator of the account that its role and bucket are in."""
    at_home = lab.account == OWN_ACCOUNT
    return Scene(world if at_home else in_account(world, lab.account), lab.namespace)


def break_world(lab: Lab, world: World) -> None:
    """The lab's world stands, broken as its story tells."""
    scene = build_scene(scene_of(lab, world))
    _function(lab, "setup")(scene)
    note_trust_policy(scene)
    _note_slips(lab, scene)


def judge(lab: Lab, world: World) -> list[Goal]:
    """Each goal with what was seen, judged by behaviour."""
    from irsa_helpers.labs.goals import chain_goals

    check = getattr(_module(lab.functions), "check", chain_goals)
    goals: list[Goal] = check(scene_of(lab, world))
    return goals


def slips(lab: Lab, world: World) -> list[str]:
    """What the learner has done that helps nothing or opens too much, in sentences.

    What was so from the start is the lab's own fault, and is not told.
    """
    from irsa_helpers.labs.usual_slips import look_around

    scene = scene_of(lab, world)
    before, now = slips_at_start(scene), _slips_now(lab, scene, look_around(scene))
    return [says for name, says in now.items() if name not in before]


def _note_slips(lab: Lab, scene: Scene) -> None:
    from irsa_helpers.labs.usual_slips import look_around

    around = look_around(scene)
    note_slips(scene, list(_slips_now(lab, scene, around)), around.made_from)


def _slips_now(lab: Lab, scene: Scene, around: Around) -> dict[str, str]:
    """By name each slip that holds: those that all labs share, and those of the lab's own file."""
    from irsa_helpers.labs.usual_slips import USUAL

    said = {slip.__name__: slip(around) for slip in USUAL}
    said |= {slip.__name__: slip(scene) for slip in getattr(_module(lab.functions), "SLIPS", ())}
    return {name: says for name, says in said.items() if says}


def mend(lab: Lab, world: World) -> None:
    """The world is as the solution has it."""
    _function(lab, "solution")(scene_of(lab, world))


def wrong_fixes(lab: Lab) -> list[Callable[[Scene], None]]:
    """Tempting fixes that must not pass."""
    fixes: list[Callable[[Scene], None]] = _function(lab, "FIXES")
    return fixes


def solution_text(lab: Lab) -> str:
    """The solution as a learner reads it and may run it: with what it uses of the lab's file."""
    source = lab.functions.read_text(encoding="utf-8")
    used = _used(ast.parse(source).body, "solution")
    imports = [ast.unparse(node) for node in used if isinstance(node, ast.Import | ast.ImportFrom)]
    rest = [
        str(ast.get_source_segment(source, node))
        for node in used
        if not isinstance(node, ast.Import | ast.ImportFrom)
    ]
    run = f'solution(lab("{lab.number}").scene)'
    head = "\n".join([*imports, "from irsa_course import lab"])
    return "\n\n\n".join([head, *rest, run]) + "\n"


def _used(body: list[ast.stmt], name: str) -> list[ast.stmt]:
    """The statements that a function rests on, and itself; of an import, what it uses of it."""
    wanted, used = {name}, dict[int, ast.stmt]()
    for place, node in reversed(list(enumerate(body))):
        if isinstance(node, ast.Import | ast.ImportFrom):
            node.names = [alias for alias in node.names if alias.name in wanted]
            if not node.names:
                continue
        elif not wanted & _bound(node):
            continue
        used[place] = node
        wanted |= {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}
    return [used[place] for place in sorted(used)]


def _bound(node: ast.stmt) -> set[str]:
    if isinstance(node, ast.FunctionDef):
        return {node.name}
    targets = node.targets if isinstance(node, ast.Assign) else []
    return {target.id for target in targets if isinstance(target, ast.Name)}


def _function(lab: Lab, name: str) -> Any:
    function = getattr(_module(lab.functions), name, None)
    if function is None:
        raise IrsaLabError(
            f"{lab.functions} has no {name}", next_step="see the other labs for its form"
        )
    return function


def _module(path: Path) -> Any:
    spec = spec_from_file_location(f"lab_{path.stem.replace('-', '_')}", path)
    if spec is None or spec.loader is None or not path.exists():
        raise IrsaLabError(f"there is no {path}", next_step="see the other labs for its form")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
