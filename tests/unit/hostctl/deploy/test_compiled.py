"""The compiled code of the host command: made whole, by its content, and never believed for another version."""

from __future__ import annotations

import importlib.util
import json
import os
import py_compile
import subprocess
import sys
from pathlib import Path

import pytest

from freqops.core.base.errors import Refused
from freqops.core.deploy import zipapp
from freqops.hostctl import cli
from freqops.hostctl.deploy import compiled

SOURCE = Path(__file__).parents[4] / "src" / "freqops"


@pytest.fixture
def tool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The command, with a place of its own for what is compiled of it."""
    monkeypatch.setattr(compiled, "PLACE", tmp_path / "lib")
    monkeypatch.setattr(zipapp, "COMPILED", str(tmp_path / "lib"))
    made = tmp_path / "freqops-host"
    made.write_bytes(zipapp.build(SOURCE))
    return made


def where(tool: Path) -> str:
    """Return where the command's code comes from when it runs."""
    run = f"runpy.run_path({str(tool)!r}, run_name='__main__')"
    show = "import freqops.hostctl.cli; print('from', freqops.hostctl.cli.__file__)"
    code = f"import sys, runpy; sys.argv = ['x', '--help']\ntry:\n    {run}\nexcept SystemExit:\n    {show}"
    ran = subprocess.run([sys.executable, "-IS", "-c", code], capture_output=True, text=True, check=True, timeout=60)
    return ran.stdout.rpartition("from ")[2].strip()


def test_it_runs_from_the_zipapp_until_it_is_compiled_and_from_there_afterwards(tool: Path) -> None:
    assert where(tool).startswith(str(tool))
    place, changed = compiled.bring(tool)
    assert (changed, compiled.directory(tool)) == (True, place)
    assert compiled.bring(tool) == (place, False)
    assert where(tool) == str(place / "freqops/hostctl/cli.py")


def test_who_only_looks_is_told_and_nothing_is_done(
    tool: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", [str(tool)])
    assert cli.main(["compile", "--look"]) == 0
    assert json.loads(capsys.readouterr().out)["changed"] is True
    assert not compiled.PLACE.exists()
    for changed in (True, False):
        assert cli.main(["compile"]) == 0
        assert json.loads(capsys.readouterr().out)["changed"] is changed
    assert cli.main(["compile", "--look"]) == 0
    assert json.loads(capsys.readouterr().out)["changed"] is False


def test_everything_in_it_is_compiled_for_good_and_readable_by_all(tool: Path) -> None:
    place, _ = compiled.bring(tool)
    sources = sorted(place.rglob("*.py"))
    assert len(sources) > 100
    for source in sources:
        made = Path(importlib.util.cache_from_source(str(source)))
        flags = int.from_bytes(made.read_bytes()[4:8], "little")
        assert flags == 1, f"{made} would be checked against its source at each start"
    assert place.stat().st_mode & 0o777 == 0o755
    assert [path.name for path in place.parent.iterdir()] == [place.name]


def test_another_version_of_the_code_never_runs_what_was_compiled_before(tool: Path, tmp_path: Path) -> None:
    old, _ = compiled.bring(tool)
    files = compiled._sources(tool)
    assert zipapp.code_of(files) == old.name.partition("-")[0]
    for name in list(files)[:3]:
        changed = {**files, name: files[name] + b"# changed\n"}
        assert zipapp.code_of(changed) != zipapp.code_of(files)
    assert zipapp.code_of({"a": b"bc", "d": b""}) != zipapp.code_of({"a": b"b", "cd": b""})


def test_a_crash_while_it_is_made_leaves_nothing_that_would_be_run(tool: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = 0

    def dies(*arguments: object, **options: object) -> None:
        nonlocal made
        made += 1
        if made > 5:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(py_compile, "compile", dies)
    with pytest.raises(OSError, match="No space"):
        compiled.bring(tool)
    assert list(compiled.PLACE.iterdir()) == []
    assert where(tool).startswith(str(tool))


def test_all_of_it_is_on_the_disk_before_it_has_its_name(tool: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[str] = []
    sync = os.fsync

    def note(descriptor: int) -> None:
        synced.append(str(Path(f"/proc/self/fd/{descriptor}").readlink()))
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", note)
    place, _ = compiled.bring(tool)
    assert synced[-1] == str(compiled.PLACE)
    before = {Path(path).relative_to(compiled.PLACE).parts[1:] for path in synced[:-1]}
    assert {path.relative_to(place).parts for path in place.rglob("*")} <= before


def test_versions_that_run_no_more_go_and_the_newest_stay(tool: Path) -> None:
    for number in range(5):
        old = compiled.PLACE / f"{number:016d}-cpython-30"
        old.mkdir(parents=True)
        os.utime(old, (number, number))
    (compiled.PLACE / ".making-x").mkdir()
    place, _ = compiled.bring(tool)
    left = {path.name for path in compiled.PLACE.iterdir()}
    assert left == {place.name, f"{3:016d}-cpython-30", f"{4:016d}-cpython-30"}


def test_what_is_no_zipapp_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("#!/bin/sh\n")
    with pytest.raises(Refused, match="no zipapp"):
        compiled.bring(tmp_path / "x")
