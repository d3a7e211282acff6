"""What Python compiled is kept, but nothing of a mutant; and what was shown is kept for the same sources alone."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests import prove
from tests.progress import Progress, fingerprint


def test_nothing_that_was_compiled_of_a_mutant_is_kept(tmp_path: Path) -> None:
    source = tmp_path / "one.py"
    source.write_text("old")
    os.utime(source, (77, 77))
    asked = []

    def run(tests: Sequence[str], root: Path, settings: Mapping[str, str]) -> tuple[int, str]:
        asked.append((list(tests), source.read_text(), settings.get("PYTHONDONTWRITEBYTECODE"), source.stat().st_mtime))
        return 1, ""

    mutant = prove.Mutant("name", "one.py", "old", "new", "tests/unit")
    assert prove.killed(mutant, prove.Place(tmp_path, run))
    [(tests, text, keeps_nothing, moment)] = asked
    assert (tests, text, keeps_nothing) == ([*prove.WORDS, "-x", "tests/unit"], "new", "1")
    assert moment != 77
    assert (source.read_text(), source.stat().st_mtime) == ("old", 77)


def test_what_python_compiled_is_kept_from_one_command_of_make_to_the_next() -> None:
    """Some terminals tell it not to; then every start of Ansible would compile it again."""
    told = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    make = ["make", "--no-print-directory", "--eval", "shown: ; @env", "shown"]
    said = subprocess.run(make, cwd=prove.ROOT, env=told, capture_output=True, text=True, check=True).stdout
    assert "PATH=" in said
    assert "PYTHONDONTWRITEBYTECODE" not in said


def test_what_was_shown_is_kept_for_the_same_sources(tmp_path: Path) -> None:
    """What was red is not, nor a line that was cut off."""
    place = prove.Place(tmp_path, lambda words, _root, _settings: (1 if "red" in words[-1] else 0, ""))
    work: deque[str | prove.Mutant] = deque(["green", "red"])
    first = Progress(tmp_path / "kept", "these")
    assert not prove.proven(work, place, threading.Event(), first).counted
    with (tmp_path / "kept").open("a") as file:
        file.write('{"case": "cut o')
    again = Progress(tmp_path / "kept", "these")
    assert (again.shown, again.began) == ({"green"}, first.began)
    again.add("more")
    assert Progress(tmp_path / "kept", "these").shown == {"green", "more"}
    assert Progress(tmp_path / "kept", "others").shown == set()
    assert Progress(tmp_path / "kept", "these").shown == set(), "those of others are gone, and so are these"


def test_sources_are_others_when_anything_of_them_is(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    source = tmp_path / "one.py"

    def made(text: str, mode: int = 0o644, name: str = "one.py") -> str:
        source.unlink(missing_ok=True)
        (tmp_path / "two.py").unlink(missing_ok=True)
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(mode)
        return fingerprint(tmp_path)

    known = [made("a = 1"), made("a = 2"), made("a = 1", 0o755), made("a = 1", name="two.py")]
    assert len(set(known)) == len(known)
    assert made("a = 1") == known[0]


def test_a_whole_run_does_not_do_again_what_was_shown(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    mutants = [prove.Mutant(f"m{number}", "one.py", "old", "new", "tests/unit") for number in range(3)]
    (tmp_path / ".cache").mkdir()
    done: list[str] = []

    def proven(work: deque[str | prove.Mutant], *_others: object) -> prove.Outcome:
        done.extend(prove.name(case) for case in work)
        rows = [(case.name, case.file, "killed") for case in work if isinstance(case, prove.Mutant)]
        work.clear()
        return prove.Outcome(rows=rows)

    monkeypatch.setattr(prove, "ROOT", tmp_path)
    monkeypatch.setattr(prove, "fingerprint", lambda _root: "these")
    monkeypatch.setattr(prove, "load", lambda: mutants)
    monkeypatch.setattr(prove, "proven", proven)
    monkeypatch.setattr(prove, "counting", lambda _root: ["tests/a", "tests/b"])
    monkeypatch.setattr(prove, "copy", ExitStack)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _process: {0})
    progress = Progress(tmp_path / ".cache/prove.jsonl", "these")
    progress.add("mutant: m1")
    progress.add("tests/a")
    monkeypatch.setattr(sys, "argv", ["prove"])
    assert prove.main() == 0
    assert set(done) == {"mutant: m0", "mutant: m2", "tests/b", *prove.COUNTED_ON_THE_LAB}
    done.clear()
    monkeypatch.setattr(sys, "argv", ["prove", "m1"])
    assert prove.main() == 0
    assert done == ["mutant: m1"], "what is asked for by name is done again"


def test_every_test_that_may_count_in_full_does() -> None:
    """A sample of `make test` whose whole nobody ever runs would be a claim without a test."""
    mentioned = ["git", "grep", "-l", "--untracked", "-F", f'"{prove.IN_FULL}"', "--", "*.py"]
    names = subprocess.run(mentioned, cwd=prove.ROOT, capture_output=True, text=True, check=True).stdout.split()
    counted = [*prove.counting(prove.ROOT), *prove.COUNTED_ON_THE_LAB]
    helpers = ("tests/crash/", "tests/prove.py", "tests/forks.py", "tests/unit/test_prove.py")  # all of crash counts
    drawing = "tests/support/drawn.py"  # for which the next test looks
    missed = [name for name in names if not name.startswith((*helpers, drawing, *counted))]
    assert missed == []
    assert len(counted) > 15


def test_every_file_that_may_be_left_out_is_in_the_whole() -> None:
    found = []
    for path in prove.ROOT.glob("molecule/*/tests/conftest.py"):
        if "import draw" in path.read_text():
            found += [path.with_name(name) for name in re.findall(r'"(test_\w+\.py)"', path.read_text())]
    assert len(found) > 4
    places = [path.relative_to(prove.ROOT).as_posix() for path in found if path.is_file()]
    assert len(places) == len(found), "each file that is named is there"
    assert [place for place in places if not place.startswith(prove.COUNTED_ON_THE_LAB)] == []
