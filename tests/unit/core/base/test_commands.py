"""The one runner of programs: however a program ends, the caller learns how."""

from __future__ import annotations

import pytest

from freqops.core.base import commands
from freqops.core.base.errors import NotProven


def test_what_it_printed_and_how_it_ended() -> None:
    done = commands.run(["sh", "-c", "cat; echo no >&2; exit 3"], text="input")
    assert (done.returncode, done.stdout, done.stderr) == (3, "input", "no\n")


def test_a_program_that_waits_for_somebody_gets_no_input() -> None:
    assert commands.run(["cat"]).stdout == ""


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (["sleep", "60"], 124, "no end within 0 s"),
        (["/nowhere/at/all"], 127, "is not there"),
        (["/etc/hostname"], 127, "cannot be started"),
    ],
)
def test_what_does_not_run_to_its_end_has_the_status_that_a_shell_gives_it(
    words: list[str], status: int, said: str
) -> None:
    done = commands.run(words, 0.2)
    assert (done.returncode, done.stdout) == (status, "")
    assert said in done.stderr
    with pytest.raises(NotProven, match=said):
        commands.must(lambda words: commands.run(words, 0.2), words)
