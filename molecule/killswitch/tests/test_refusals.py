"""What is refused before anything runs, as an operator meets it; all other words: tests/unit/plays/test_refusals.py."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.field import ROOT, Field, play

REASON = ("-e", "reason=test")
LEVEL_1 = ("-e", "level=1", *REASON)
INVENTORIES = {"missing": None, "empty": "", "unparsable": "all: [unclosed"}
API = ("-e", "what=api", *REASON)


@pytest.mark.parametrize(
    ("playbook", "words", "said"),
    [
        ("killswitch", ("-e", "level=1", "-e", "bots=aplha", *REASON), "unknown bot"),
        ("killswitch", (*LEVEL_1, "--limit", "paper-1,paper-9"), "paper-9"),
        ("killswitch", (*LEVEL_1, "--check"), "NOTHING HALTED"),
        ("drill", ("-e", "bots=beta", "--check"), "NOTHING REHEARSED"),
        ("lockout", ("-e", "bots=beta", "-e", "what=house", *REASON), "value of what must be one of"),
    ],
)
def test_nothing_is_halted(beta: Field, playbook: str, words: tuple[str, ...], said: str) -> None:
    before = beta.holds()
    played = play(playbook, *words)
    assert played.rc != 0, played.out
    assert said in played.out
    assert "PROVEN" not in played.out
    assert beta.holds() == before


@pytest.mark.parametrize("name", INVENTORIES)
def test_an_inventory_that_is_missing_empty_or_unparsable(beta: Field, tmp_path: Path, name: str) -> None:
    inventory, content, before = tmp_path / "hosts.yml", INVENTORIES[name], beta.holds()
    if content is not None:
        inventory.write_text(content)
    played = play("killswitch", *LEVEL_1, inventory=str(inventory))
    assert played.rc != 0, played.out
    assert "HALTED, PROVEN" not in played.out
    assert beta.holds() == before


def test_from_inside_playbooks_too(beta: Field) -> None:
    before = beta.holds()
    played = play("killswitch.yml", "-e", "level=5", *REASON, cwd=ROOT / "playbooks")
    assert played.rc != 0
    assert "level" in played.out
    assert "5" in played.out
    assert beta.holds() == before


def test_a_mere_check_replaces_no_password(beta: Field) -> None:
    secrets = "sha256sum /srv/freqops/bots/beta/conf/secrets.json"
    before = beta.sh(secrets)
    played = play("lockout", "-e", "bots=beta", *API, "--check")
    assert played.rc != 0
    assert "NOT LOCKED OUT: this was a check" in played.out
    assert beta.sh(secrets) == before
