"""Gives a program a container's own view of the files, then becomes that program.

What a container runtime does, in small: `python -I -S enter.py VIEW PROGRAM WORDS...`. It uses the
standard library alone, since it starts once for each container and each command in one. VIEW is
JSON, as `namespaces` writes it: either the mounts of a new view, or the process whose view to join.
With `here` it does not become the program, but runs it: what `python WORDS...` would run. Packages
`again` are loaded and begin anew, such as one that sets a variable when it loads; `forgotten` ones
are as if nobody had loaded them.

Source: mount_namespaces(7), user_namespaces(7), pivot_root(2), mount_setattr(2), setns(2).
"""

from __future__ import annotations

import ctypes
import importlib
import json
import os
import sys
import types
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

# linux/sched.h, linux/mount.h, linux/fcntl.h, linux/prctl.h, linux/capability.h
CLONE_NEWNS, CLONE_NEWUSER = 0x00020000, 0x10000000
MS_BIND, MS_REC, MS_PRIVATE, MNT_DETACH = 0x1000, 0x4000, 0x40000, 2
MOUNT_ATTR_RDONLY, AT_FDCWD, AT_RECURSIVE = 1, -100, 0x8000
PR_CAPBSET_DROP, CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH = 24, 1, 2
MOUNT_SETATTR = 442
PIVOT_ROOT = {"x86_64": 155, "aarch64": 41}

BEFORE = "/.before"
DEVICES = ("null", "zero", "full", "random", "urandom", "tty", "pts")
LINKS = {"fd": "/proc/self/fd", "stdin": "fd/0", "stdout": "fd/1", "stderr": "fd/2"}

_libc = ctypes.CDLL(None, use_errno=True)


class _Attributes(ctypes.Structure):
    """`struct mount_attr` of mount_setattr(2)."""

    _fields_ = tuple((name, ctypes.c_uint64) for name in ("set", "clear", "propagation", "userns"))


def main() -> None:
    """Become the program; what goes wrong before is written to the view's `report`."""
    view, words = json.loads(sys.argv[1]), sys.argv[2:]
    os.umask(0o022)  # a container's, as runc has it
    with _reported(view.get("report")):
        if "join" in view:
            _join(view["join"])
        elif "mounts" in view:
            _make_root(view)
        if view.get("as_a_user"):
            _give_up_roots_powers()
        if "directory" in view:
            os.makedirs(view["directory"], exist_ok=True)
            os.chdir(view["directory"])
        if "here" not in view:
            os.execv(words[0], words)
    for package in view["again"]:
        importlib.reload(sys.modules[package])
    for module in [name for name in sys.modules if name.partition(".")[0] in view["forgotten"]]:
        del sys.modules[module]
    _run(words)


@contextmanager
def _reported(report: int | None) -> Iterator[None]:
    if report is not None:
        os.set_inheritable(report, False)  # closed when the program runs: that is the good news
    try:
        yield
    except (OSError, ValueError) as error:
        if report is None:
            raise
        os.write(report, str(error).encode())
        sys.exit(128)


def _make_root(view: dict[str, Any]) -> None:
    """A root of this container's own: empty but for the mounts of the view."""
    _unshare()
    _mount(None, "/", MS_REC | MS_PRIVATE)
    # In a namespace of its own nobody else sees what is mounted there.
    new = "/tmp"
    _mount("tmpfs", new, 0, "tmpfs", f"mode=755,size={view['size']}")
    os.mkdir(new + BEFORE)
    os.chdir(new)
    _check(_libc.syscall(PIVOT_ROOT[os.uname().machine], b".", new.encode() + BEFORE.encode()), "/")
    os.chdir("/")
    for folder in ("/tmp", "/run", "/var", "/var/tmp", "/var/log", "/dev", "/dev/shm", "/proc"):
        os.mkdir(folder)
    os.chmod("/tmp", 0o1777)
    os.symlink("../run", "/var/run")
    for place in ("/proc", *(f"/dev/{name}" for name in DEVICES)):
        if os.path.exists(BEFORE + place):
            _bind(BEFORE + place, place)
    for name, target in LINKS.items():
        os.symlink(target, f"/dev/{name}")
    os.symlink("pts/ptmx", "/dev/ptmx")
    # A folder before what is mounted in it; where both are one place, the container's own is last.
    for mount in sorted(view["mounts"], key=lambda mount: (mount["target"], "source" in mount)):
        if "source" in mount:
            _bind(BEFORE + mount["source"], mount["target"], read_only=mount["read_only"])
        else:
            _show(mount["target"])
    _check(_libc.umount2(BEFORE.encode(), MNT_DETACH), BEFORE)
    os.rmdir(BEFORE)


def _unshare() -> None:
    """A mount namespace; who is not root needs a user namespace for it, and is root in there."""
    user, group = os.getuid(), os.getgid()
    _check(_libc.unshare(CLONE_NEWNS | (CLONE_NEWUSER if user else 0)), "namespace")
    if user:
        for name, text in (
            ("setgroups", "deny"),
            ("uid_map", f"0 {user} 1"),
            ("gid_map", f"0 {group} 1"),
        ):
            with open(f"/proc/self/{name}", "w", encoding="ascii") as file:
                file.write(text)


def _show(place: str) -> None:
    """A file or folder of the machine at its own place, to be read and not written."""
    _make_place(os.path.dirname(place), is_folder=True)
    _copy(BEFORE + place, place)


def _copy(source: str, target: str) -> None:
    """A link as a link of the same words, anything else as a mount that is only read."""
    if os.path.islink(source):
        if not os.path.lexists(target):
            os.symlink(os.readlink(source), target)
    else:
        _bind(source, target, read_only=True)


def _bind(source: str, target: str, *, read_only: bool = False) -> None:
    """What stands at `source` stands at `target`, too."""
    _make_place(target, os.path.isdir(source))
    _mount(source, target, MS_BIND | MS_REC)
    if read_only:
        attributes = _Attributes(set=MOUNT_ATTR_RDONLY)
        size = ctypes.sizeof(attributes)
        arguments = (AT_FDCWD, target.encode(), AT_RECURSIVE, ctypes.byref(attributes), size)
        _check(_libc.syscall(MOUNT_SETATTR, *arguments), target)


def _make_place(target: str, is_folder: bool) -> None:
    """There is a folder or a file to mount on, also below a folder that is only read."""
    if os.path.exists(target):
        return
    parent = os.path.dirname(target)
    _make_place(parent, is_folder=True)
    if not os.access(parent, os.W_OK):
        _unfold(os.path.realpath(parent))
    if is_folder:
        os.mkdir(target)
    else:
        with open(target, "xb"):
            pass


def _unfold(folder: str) -> None:
    """A folder that is only read becomes one of the container's, with the same things in it."""
    names = os.listdir(folder)
    descriptor = os.open(folder, os.O_RDONLY)
    _mount("tmpfs", folder, 0, "tmpfs", "mode=755,size=1m")
    for name in names:
        _copy(f"/proc/self/fd/{descriptor}/{name}", f"{folder}/{name}")
    os.close(descriptor)


def _join(pid: int) -> None:
    """Into the namespaces of a process that runs."""
    for kind in ("user", "mnt"):
        path = f"/proc/{pid}/ns/{kind}"
        if os.readlink(path) != os.readlink(f"/proc/self/ns/{kind}"):
            descriptor = os.open(path, os.O_RDONLY)
            _check(_libc.setns(descriptor, 0), path)
            os.close(descriptor)


def _give_up_roots_powers() -> None:
    """From the next program on a file's mode binds this process, root or not. capabilities(7)."""
    for capability in (CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH):
        _check(_libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0), "capabilities")


def _run(words: list[str]) -> None:
    """`python -c CODE WORDS...` or `python FILE WORDS...`, in this very interpreter."""
    if words[0] == "-c":
        name, source, sys.argv = "<string>", words[1].encode(), ["-c", *words[2:]]
        sys.path.insert(0, "")
    else:
        with open(words[0], "rb") as file:
            name, source, sys.argv = words[0], file.read(), words
        sys.path.insert(0, os.path.dirname(name))
    program = sys.modules["__main__"] = types.ModuleType("__main__")
    sys.excepthook = partial(_told_from, name, sys.excepthook)
    exec(compile(source, name, "exec", dont_inherit=True), vars(program))


def _told_from(name: str, tell: Any, kind: Any, error: Any, at: Any) -> None:
    """A failure is told from the program's own first line on, as where it runs by itself."""
    own = at
    while own is not None and own.tb_frame.f_code.co_filename != name:
        own = own.tb_next
    tell(kind, error.with_traceback(own), own)


def _mount(source: str | None, target: str, flags: int, kind: str = "", options: str = "") -> None:
    arguments = [text.encode() if text else None for text in (source, target, kind, options)]
    _check(_libc.mount(*arguments[:3], ctypes.c_ulong(flags), arguments[3]), target)


def _check(result: int, what: str) -> None:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), what)


if __name__ == "__main__":
    main()
