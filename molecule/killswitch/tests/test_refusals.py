"""What killswitch.yml refuses before anything runs, and what it says of hosts that it cannot reach."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.field import ROOT, Field, play

REASON = ("-e", "reason=test")


@pytest.fixture(autouse=True)
def nothing_changes(untouched: Field) -> Iterator[None]:
    """Whatever is refused leaves the holds as they were."""
    before = untouched.holds()
    yield
    assert untouched.holds() == before


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("-e", "level=two", *REASON), "two"),
        (("-e", "level=4", *REASON), "4"),
        (("-e", "level=2.0", *REASON), "2.0"),
        (("-e", "level=2", *REASON), "not built yet"),
        (REASON, "level"),
        (("-e", "level=1"), "reason"),
        (("-e", "level=1", "-e", "bots=aplha", *REASON), "unknown bot"),
        (("-e", "levle=1", *REASON), "did you mean level"),
        (("-e", "level=1", "-e", "reason=it said level=3"), "2 times"),
        (("-e", "level=1", "-e", "deadline=soon", *REASON), "deadline"),
        (("-e", "level=1", *REASON, "--limit", "paper-1,paper-9"), "paper-9"),
    ],
)
def test_words_that_mean_nothing(words: tuple[str, ...], said: str) -> None:
    played = play("killswitch", *words)
    assert played.rc != 0, played.out
    assert said in played.out
    assert "HALTED, PROVEN" not in played.out


@pytest.mark.parametrize("content", [None, "", "all: [unclosed"])
def test_an_inventory_that_is_missing_empty_or_unparsable(content: str | None, tmp_path: Path) -> None:
    inventory = tmp_path / "hosts.yml"
    if content is not None:
        inventory.write_text(content)
    assert play("killswitch", "-e", "level=1", *REASON, inventory=str(inventory)).rc != 0


def test_a_check_halts_nothing(untouched: Field) -> None:
    played = play("killswitch", "-e", "level=1", *REASON, "--check")
    assert "NOTHING HALTED" in played.out
    assert played.rc != 0


def test_from_inside_playbooks_too() -> None:
    played = play("killswitch.yml", "-e", "level=2", *REASON, cwd=ROOT / "playbooks")
    assert "not built yet" in played.out
