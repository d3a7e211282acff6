"""What Python compiled is kept, but nothing of a mutant."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests import prove


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
