"""A directory that holds exactly what it should."""

from __future__ import annotations

from pathlib import Path

from freqops.core import tree

WANTED = {"config.json": "{}", "strategies/S.py": "code"}


def test_it_is_made_so_and_then_differs_no_more(tmp_path: Path) -> None:
    assert tree.differing(tmp_path, WANTED) == sorted(WANTED)
    tree.write(tmp_path, WANTED, sorted(WANTED))
    assert tree.differing(tmp_path, WANTED) == []
    assert (tmp_path / "strategies/S.py").stat().st_mode & 0o777 == 0o444


def test_what_somebody_changed_or_put_there_is_found(tmp_path: Path) -> None:
    tree.write(tmp_path, WANTED, sorted(WANTED))
    (tmp_path / "strategies/S.py").chmod(0o644)
    (tmp_path / "strategies/S.py").write_text("other code")
    (tmp_path / "strategies/S.json").write_text("{}")
    (tmp_path / "validated").touch()
    (tmp_path / "link").symlink_to("/nowhere")
    assert tree.differing(tmp_path, WANTED) == ["strategies/S.py"]
    found = tree.foreign(tmp_path, WANTED, ("validated",))
    assert found == ["link", "strategies/S.json"]
    tree.remove(tmp_path, [*found, "gone already"])
    assert tree.foreign(tmp_path, WANTED, ("validated",)) == []
