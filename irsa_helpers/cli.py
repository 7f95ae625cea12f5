"""`irsa-lab`: the sandbox and the labs from a terminal."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

import click

from irsa_helpers.errors import IrsaLabError, plain
from irsa_helpers.ground import state
from irsa_helpers.printing.terminal import rows, say, verdict, working

if TYPE_CHECKING:
    from collections.abc import Callable

    from irsa_helpers.labs.progress import Record
    from irsa_helpers.verify import Step

as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON, for a program to read.")


# Commands that have a module of their own, which is loaded when they are called;
# those of the course and of a workshop are in the packages beside this one.
ELSEWHERE = {
    "demo": "irsa_workshop.stage.commands:demo",
    "doctor": "irsa_helpers.doctor.commands:doctor",
    "exercises": "irsa_course.commands:exercises",
    "labs": "irsa_course.labs.commands:labs",
    "map": "irsa_course.commands:map_",
    "open": "irsa_course.commands:open_",
    "preflight": "irsa_workshop.room.preflight:preflight",
}


class _Commands(click.Group):
    """A group whose commands end with a clear sentence where a person can act on the error."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted([*super().list_commands(ctx), *ELSEWHERE])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in ELSEWHERE:
            return super().get_command(ctx, cmd_name)
        module, _, name = ELSEWHERE[cmd_name].partition(":")
        command: click.Command = getattr(import_module(module), name)
        return command

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except IrsaLabError as error:
            raise click.ClickException(plain(str(error))) from error


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="irsa-lab")
def main() -> None:
    """Learn, teach and debug IAM Roles for Service Accounts on a local EKS cluster."""


def _show(facts: dict[str, Any], *, json_wanted: bool) -> None:
    if json_wanted:
        say(json.dumps(facts, indent=2))
    else:
        rows([(name, str(value)) for name, value in facts.items()])


def _running() -> dict[str, Any]:
    running = state.read()
    if running is None:
        raise IrsaLabError(f"no sandbox runs in {state.home()}", next_step="irsa-lab up")
    return running


def _summary(sandbox: dict[str, Any]) -> dict[str, Any]:
    return {
        "state": "running",
        "cluster": sandbox["cluster"],
        "region": sandbox["region"],
        "account": sandbox["account_id"],
        "aws": sandbox["aws"]["endpoint_url"],
        "kubernetes": sandbox["kubernetes"]["server"],
        "issuer": sandbox["issuer"]["url"],
        "pid": sandbox["pid"],
        "home": sandbox["home"],
    }


@main.command()
@click.option("--foreground", is_flag=True, help="Stay, and log to the terminal; Ctrl-C stops it.")
@as_json
def up(foreground: bool, as_json: bool) -> None:
    """Start the sandbox, unless it runs; return when it is ready."""
    from irsa_helpers.worlds import launch

    if foreground:
        command = [sys.executable, "-m", "irsa_sandbox", str(state.home())]
        raise SystemExit(subprocess.run(command).returncode)
    with working("the sandbox starts") as tell:
        running = launch.ensure_sandbox(state.home(), tell=_both(tell))
    _show(_summary(running) | _notices(_told(running), as_json), json_wanted=as_json)


def _both(tell: Callable[[str], None]) -> Callable[[str], None]:
    """What a start is at, on a terminal's changing line, or a line each where there is none."""
    return tell if sys.stderr.isatty() else lambda text: say(text, err=True)


@main.command()
@as_json
def down(as_json: bool) -> None:
    """Stop the sandbox and its Pods; what you made is kept for the next `up`."""
    from irsa_helpers.worlds import launch

    with working("the sandbox stops"):
        stopped = launch.stop_sandbox(state.home())
    _show({"state": "stopped" if stopped else "was not running"}, json_wanted=as_json)


@main.command()
@as_json
def status(as_json: bool) -> None:
    """Say whether a sandbox runs, and where; exit 1 where none does."""
    running = state.read()
    if running is None:
        _show({"state": "stopped", "home": str(state.home())}, json_wanted=as_json)
        raise SystemExit(1)
    told = _told(running)
    shown = _loops(told, as_json) | _notices(told, as_json)
    _show(_summary(running) | shown, json_wanted=as_json)


def _told(running: dict[str, Any]) -> dict[str, Any]:
    """What the sandbox says of its own state; nothing where it does not answer."""
    from irsa_helpers.worlds.sandbox import SandboxWorld

    try:
        return dict(SandboxWorld(running).control("GET", "/status"))
    except OSError as error:
        return {"notices": [f"the sandbox does not answer: {error}"]}


def _notices(told: dict[str, Any], as_json: bool) -> dict[str, Any]:
    """What a person should know: a full disk, a damaged file; empty where there is nothing."""
    notices = told.get("notices") or []
    return {"notices": notices if as_json else "\n".join(notices)} if notices or as_json else {}


def _loops(told: dict[str, Any], as_json: bool) -> dict[str, Any]:
    """Which of the sandbox's loops have died and begun again, how often and of what."""
    loops = told.get("restarted_loops", {})
    said = (f"{name}, {loop['times']} times: {loop['last_error']}" for name, loop in loops.items())
    return {"restarted_loops": loops if as_json else "; ".join(said) or "none"}


@main.command()
@click.option("--yes", is_flag=True, help="Do not ask.")
@as_json
def reset(yes: bool, as_json: bool) -> None:
    """Throw the world away and start a new one; addresses, keys and your progress stay."""
    from irsa_helpers.worlds import launch

    if not yes:
        click.confirm(f"Delete all that was made in {state.home()}?", abort=True)
    with working("a new world starts"):
        launch.reset_sandbox(state.home())
        running = launch.ensure_sandbox(state.home())
    _show(_summary(running), json_wanted=as_json)


@main.command()
@click.option("--shell", type=click.Choice(["posix", "powershell"]), default="posix")
@as_json
def env(shell: str, as_json: bool) -> None:
    """Print the variables with which `aws`, `kubectl` and SDKs use the sandbox.

    \b
    eval "$(irsa-lab env)"
    irsa-lab env --shell powershell | Out-String | Invoke-Expression
    """
    from irsa_helpers.worlds import environment

    if as_json:
        say(json.dumps(environment.sandbox_environment(_running()), indent=2))
    else:
        say("\n".join(environment.shell_lines(_running(), shell)))


@main.command(context_settings={"ignore_unknown_options": True})
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
def run(command: tuple[str, ...]) -> None:
    """Run one command against the sandbox: `irsa-lab run -- kubectl get pods`."""
    import shutil

    from irsa_helpers.worlds import environment, launch

    variables = environment.process_environment(launch.ensure_sandbox(state.home()))
    program = shutil.which(command[0], path=variables["PATH"])
    if program is None:
        raise IrsaLabError(f"no program {command[0]!r} on the PATH", next_step="check its name")
    raise SystemExit(subprocess.run([program, *command[1:]], env=variables).returncode)


@main.command()
@as_json
def check(as_json: bool) -> None:
    """Say which of the course's four steps hold, and what is next; exit 1 until all do."""
    from irsa_helpers.verify import steps
    from irsa_helpers.worlds import connect

    with working("asking AWS and the cluster"):
        seen = steps(connect())
    if as_json:
        say(json.dumps([vars(step) for step in seen], indent=2))
    else:
        rows([(step.state, step.name, step.found) for step in seen])
        _say_how_far(seen)
    raise SystemExit(0 if all(step.state == "done" for step in seen) else 1)


def _say_how_far(seen: list[Step]) -> None:
    done = sum(step.state == "done" for step in seen)
    open_step = next((step.next_step for step in seen if step.next_step), "")
    kind = "right" if done == len(seen) else "wrong"
    verdict(kind, f"{done} of {len(seen)} steps hold.", next_step=open_step)


@main.command()
@click.option("--browser/--no-browser", default=True, help="Open a browser window.")
@as_json
def console(browser: bool, as_json: bool) -> None:
    """Show the handshake live on a page of its own: for a second window, or a projector."""
    from irsa_helpers.worlds.sandbox import SandboxWorld

    address = SandboxWorld(_running()).console_url()
    if as_json:
        say(json.dumps({"url": address}))
        return
    say(f"Open {address}")  # A browser that does not come up cannot be told from one that does.
    if browser:
        click.launch(address)


@main.command()
@click.option("--since", type=int, default=0, help="Only hops after this number.")
@as_json
def trace(since: int, as_json: bool) -> None:
    """Show every hop of the handshakes so far: who asked whom, and what was decided.

    Why an open lab's hops were refused is for its learner to find.
    """
    from irsa_helpers.doctor.open_labs import open_labs
    from irsa_helpers.worlds.sandbox import SandboxWorld

    world = SandboxWorld(_running())
    labs = open_labs(world)
    hops = [_without_why(hop) if _is_of(labs, hop) else hop for hop in world.trace(since)]
    if as_json:
        say(json.dumps(hops, indent=2))
        return
    if not hops:
        word = f"no hop after number {since}." if since else "no handshake so far."
        verdict("open", word, next_step="let a Pod call AWS, as notebook 00 does")
    for hop in hops:
        arrow = f"{hop['source']} -> {hop['target']}: {hop['summary']}"
        rows([(f"{hop['seq']:>5}", hop["at"][11:23], f"{hop['outcome']:<6}", arrow)])
        if explanation := hop["detail"].get("explanation"):
            say("\n".join(f"{'':>7}{line}" for line in explanation.splitlines()))


def _is_of(labs: list[Record], hop: dict[str, Any]) -> bool:
    """Whether the namespace of one of these labs asks in a hop, or a role of its is asked for."""
    role = (hop["detail"].get("role_arn") or "").rpartition("/")[2]
    names = hop["detail"].get("namespace") or "", role
    return any(lab.holds(name) for lab in labs for name in names)


def _without_why(hop: dict[str, Any]) -> dict[str, Any]:
    """A hop of an open lab: that it was refused, and not why."""
    from irsa_helpers.doctor.open_labs import without_reasons

    kept = without_reasons(hop)
    if kept != hop:
        told = "why is for you to find in this open lab; irsa-lab labs hint helps"
        kept["detail"]["explanation"] = told
    return kept


@main.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print what lets SHELL complete commands, labs and exercises at a press of Tab.

    \b
    eval "$(irsa-lab completion bash)"        # in ~/.bashrc; zsh: the same in ~/.zshrc
    irsa-lab completion fish | source         # in ~/.config/fish/config.fish
    """
    from click.shell_completion import get_completion_class

    completing = get_completion_class(shell)
    if completing is None:
        raise IrsaLabError(f"click knows no {shell}", next_step="bash, zsh or fish")
    say(completing(main, {}, "irsa-lab", "_IRSA_LAB_COMPLETE").source())


def plugin(arguments: list[str] | None = None) -> Any:
    """`kubectl irsa …`: the same commands, on the cluster of your kubeconfig."""
    os.environ.setdefault("IRSA_LAB_WORLD", "kubeconfig")
    return main(arguments, prog_name="kubectl irsa")


if __name__ == "__main__":
    main()
