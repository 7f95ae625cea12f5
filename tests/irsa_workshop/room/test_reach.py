"""Folders that are closed to other users, on the way to the course."""

from __future__ import annotations

from pathlib import Path

from irsa_workshop.room.reach import closed_folders


def test_the_outermost_closed_folder_is_named_with_what_is_in_it(tmp_path: Path) -> None:
    outer = tmp_path / "outer"
    inner = outer / "inner"
    inner.mkdir(parents=True)
    outer.chmod(0o700)
    inner.chmod(0o700)
    closed = closed_folders([inner / "a", inner / "b", Path("/usr/bin")])
    found = {folder: paths for folder, paths in closed.items() if inner / "a" in paths}
    (folder,) = found
    assert not folder.stat().st_mode & 0o001
    assert folder in outer.parents or folder == outer
    assert found[folder] == [inner / "a", inner / "b"]


def test_open_folders_need_no_way() -> None:
    assert closed_folders([Path("/usr/bin"), Path("/usr/lib")]) == {}
