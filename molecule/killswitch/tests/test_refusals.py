"""What killswitch.yml refuses before anything runs, and what it says of hosts that it cannot reach."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.support.field import ROOT, Field, Played, play

REASON = ("-e", "reason=test")


WORDS = [
    (("-e", "level=two", *REASON), "two"),
    (("-e", "level=4", *REASON), "4"),
    (("-e", "level=2.0", *REASON), "2.0"),
    (REASON, "level"),
    (("-e", "level=1"), "reason"),
    (("-e", "level=1", "-e", "bots=aplha", *REASON), "unknown bot"),
    (("-e", "levle=1", *REASON), "did you mean level"),
    (("-e", "level=1", "-e", "reason=it said level=3"), "2 times"),
    (("-e", "level=1", "-e", "deadline=soon", *REASON), "deadline"),
    (("-e", "level=1", *REASON, "--limit", "paper-1,paper-9"), "paper-9"),
]
CHECK = ("-e", "level=1", *REASON, "--check")
INVENTORIES = {"missing": None, "empty": "", "unparsable": "all: [unclosed"}


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Played]]:
    """All that must be refused, a few at a time; the holds afterwards are those from before."""
    before = Field().holds()
    with ThreadPoolExecutor(max_workers=3) as pool:
        runs = {
            str(words): pool.submit(play, "killswitch", *words) for words in [CHECK, *(words for words, _ in WORDS)]
        }
        for name, content in INVENTORIES.items():
            inventory = tmp_path_factory.mktemp(name) / "hosts.yml"
            if content is not None:
                inventory.write_text(content)
            runs[name] = pool.submit(play, "killswitch", "-e", "level=1", *REASON, inventory=str(inventory))
    yield {name: run.result() for name, run in runs.items()}
    assert Field().holds() == before


@pytest.mark.parametrize(("words", "said"), WORDS)
def test_words_that_mean_nothing(played: dict[str, Played], words: tuple[str, ...], said: str) -> None:
    run = played[str(words)]
    assert run.rc != 0, run.out
    assert said in run.out
    assert "HALTED, PROVEN" not in run.out


@pytest.mark.parametrize("name", INVENTORIES)
def test_an_inventory_that_is_missing_empty_or_unparsable(played: dict[str, Played], name: str) -> None:
    assert played[name].rc != 0, played[name].out
    assert "HALTED, PROVEN" not in played[name].out


def test_a_check_halts_nothing(played: dict[str, Played]) -> None:
    assert "NOTHING HALTED" in played[str(CHECK)].out
    assert played[str(CHECK)].rc != 0


def test_from_inside_playbooks_too() -> None:
    played = play("killswitch.yml", "-e", "level=5", *REASON, cwd=ROOT / "playbooks")
    assert played.rc != 0
    assert "level" in played.out
    assert "5" in played.out
