"""The operator breaker on real bots: its file is the switch, whoever writes it, and its guard may die."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.support.field import Field, play, until
from tests.support.holding import stays_paused

FILE = "/srv/freqops/user_data/state/circuit_breaker.json"
OFF = {"active": False, "reason": "", "until_iso": None}
GUARD = "freqops-guard.service"


def write(field: Field, path: str, **document: object) -> None:
    """Move a breaker file into place, as a careful script does."""
    text = json.dumps({**OFF, **document})
    field.host.run(f"sudo install -m 0600 /dev/stdin {path}.new && sudo mv {path}.new {path}", stdin=text)


@pytest.fixture
def fields(field: Field, other: Field) -> Iterator[tuple[Field, Field]]:
    """Both bots of the host, running, and its breaker inactive again afterwards."""
    yield field, other
    field.sh("systemctl kill --signal=CONT freqops-guard; rm -f /srv/freqops/bots/*/circuit_breaker.json")
    write(field, FILE)
    until("nothing holds them", lambda: not held(field) and not held(other))


def held(field: Field) -> list[str]:
    """Return the holders of a bot's holds."""
    return [hold["holder"] for hold in field.holds()["holds"]]


def noted(field: Field) -> bool:
    """Return whether the guard calls the breaker's hold of a bot proven."""
    note = json.loads(field.sh("cat /run/freqops/breaker.json"))["bots"]
    return bool(note.get(field.bot, {}).get("proven"))


def proven(field: Field) -> bool:
    """Return whether a breaker alone holds a bot, proven."""
    return held(field) == ["breaker"] and noted(field)


def runs(field: Field) -> bool:
    return held(field) == [] and field.state() == "running"


def test_the_file_is_the_switch_whoever_writes_it(fields: tuple[Field, Field]) -> None:
    field = fields[0]
    write(field, FILE, active=True, reason="feed is wrong")
    for each in fields:
        until("the breaker holds it, proven", partial(proven, each))
        stays_paused(each)
    [hold] = field.holds()["holds"]
    assert (hold["reason"], hold["level"]) == ("feed is wrong", 1)
    rc, refused = field.tool(f"resume alpha --incident {hold['incident']} --reason 'no file was touched'")
    assert rc == 1
    assert FILE in refused["refused"]
    field.ask("api.start()\nfor lock in api.our_locks():\n    api.unlock(lock['id'])")
    stays_paused(field)

    field.sh(f"sed -i 's/true/false/' {FILE}")
    for each in fields:
        until("it runs", partial(runs, each))
    for spoil in (f"rm {FILE}", f"echo '{{}}' >{FILE}", f"printf '' >{FILE}; chmod 000 {FILE}"):
        field.sh(spoil)
        for each in fields:
            until("what is missing or unreadable is active", partial(proven, each))
        write(field, FILE)
        for each in fields:
            until("it runs", partial(runs, each))


@pytest.mark.parametrize("first", ["breaker", "halt"])
@pytest.mark.parametrize("ended", ["breaker", "halt"])
def test_ending_one_leaves_the_other(fields: tuple[Field, Field], first: str, ended: str) -> None:
    """Breaker and halt hold a bot together, begun in either order, ended in either order."""
    field = fields[0]
    incident = ""
    for holder in (first, {"breaker": "halt", "halt": "breaker"}[first]):
        if holder == "breaker":
            write(field, FILE, active=True, reason="together")
            until("the breaker holds it, proven", lambda: "breaker" in held(field) and noted(field))
        else:
            rc, row = field.halt(1)
            assert (rc, row["verdict"]) == (0, "HALTED, PROVEN"), row
            incident = row["incident"]
    assert sorted(held(field)) == ["breaker", "halt"]
    resume = f"resume alpha --incident {incident} --reason 'this one is over'"
    if ended == "breaker":
        write(field, FILE)
        until("the breaker is over", lambda: held(field) == ["halt"])
        stays_paused(field)
    rc, answer = field.tool(resume)
    assert rc == 0, answer
    if ended == "halt":
        assert held(field) == ["breaker"]
        stays_paused(field)
        write(field, FILE)
    until("it runs", lambda: runs(field))


def test_a_bot_has_a_breaker_of_its_own_and_the_guard_may_be_killed_or_frozen(fields: tuple[Field, Field]) -> None:
    field, other = fields
    field.sh(f"systemctl kill --signal=KILL {GUARD}")
    write(field, "/srv/freqops/bots/beta/circuit_breaker.json", active=True, reason="beta alone")
    until("its own breaker holds it", partial(proven, other))
    assert held(field) == []

    field.sh(f"systemctl kill --signal=STOP {GUARD}")
    write(field, FILE, active=True, reason="the guard is frozen")
    until("the backstop, or the guard that took its place, holds it", lambda: held(field) == ["breaker"])
    stays_paused(field)


def test_a_bot_comes_up_held_after_a_reboot_and_by_a_deploy(fields: tuple[Field, Field]) -> None:
    """A breaker trips while the guard is stopped, and the host reboots. Later one of its bots is deployed."""
    field, other = fields
    field.sh(f"systemctl stop {GUARD}")
    write(field, FILE, active=True, reason="the host reboots")
    field.host.reboot()
    for each in fields:
        until("the breaker holds it, proven", partial(proven, each))
        stays_paused(each)
    other.sh("docker rm --force freqops-beta")
    deployed = play("deploy", "--limit", "paper-1")
    assert deployed.rc == 0, deployed.out
    assert "it stays paused" in deployed.out, deployed.out
    assert held(other) == ["breaker"]
    stays_paused(other)
    write(field, FILE)
    for each in fields:
        until("it runs", partial(runs, each))


def test_the_play_trips_it_on_one_host_and_ends_it(fields: tuple[Field, Field], tmp_path: Path) -> None:
    words = ("--limit", "paper-1", "-e", "reason=drill")
    enabled = play("circuit_breaker", *words, "-e", "action=enable", "-e", "minutes=30")
    assert enabled.rc == 0, enabled.out
    for field in fields:
        assert held(field) == ["breaker"]
        assert field.state() == "paused"
    again = play("circuit_breaker", "--limit", "paper-1", "-e", "action=status")
    assert again.rc == 0, again.out
    disabled = play("circuit_breaker", *words, "-e", "action=disable")
    assert disabled.rc == 0, disabled.out
    for field in fields:
        assert runs(field)
    twice = play("circuit_breaker", *words, "-e", "action=disable")
    assert twice.rc == 0, twice.out
    assert "changed=0" in twice.out
    for action, ends in (("override", ("-e", "minutes=5")), ("withdraw", ())):
        done = play("circuit_breaker", *words, "-e", f"action={action}", *ends)
        assert done.rc == 0, done.out
        assert "ALL PROVEN" in done.out, done.out
