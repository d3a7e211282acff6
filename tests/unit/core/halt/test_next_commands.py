"""After a halt stands what to type next, complete, and nothing in it that a host could have made up."""

from __future__ import annotations

import pytest

from freqops.core.halt.answer import Row
from freqops.core.halt.next_commands import after_halt, after_step, of_holds

INCIDENT = "20260102T030405Z-halt1-9f3c21"
WHY = "FREQOPS_REASON='…' ansible-playbook playbooks/"


def row(
    bot: str = "alpha", level: int = 1, *, proven: bool = True, mode: str = "paper", incident: str = INCIDENT
) -> Row:
    said = {"proven_s": 1.0, "latched": True, "acknowledged_s": 1.0} if proven else {}
    return Row(bot, level, incident, mode=mode, **said)  # type: ignore[arg-type]


def lines(level: int, *rows: Row, declared: tuple[str, ...] = ("alpha", "beta", "gamma")) -> list[str]:
    return after_halt(level, [("paper-1", each) for each in rows], declared)


def test_from_level_1_it_is_one_step() -> None:
    assert lines(1, row("beta"), row()) == [
        f"when the cause is gone, to let them buy again: {WHY}resume.yml -e bots=alpha,beta -e incident={INCIDENT}"
    ]


def test_from_level_3_a_live_bot_is_flattened_and_reconciled_before_two_steps() -> None:
    under = f"-e incident={INCIDENT}"
    assert lines(3, row(level=3), row("gamma", 3, mode="live")) == [
        f"to sell what is open: {WHY}flatten.yml -e bots=gamma {under}",
        f"after a flatten, or a sale by hand: {WHY}reconcile.yml -e bots=gamma {under}",
        f"when the cause is gone, to have them up and paused: {WHY}resume.yml -e bots=alpha,gamma {under}",
        "then, to let them buy again: the same once more",
    ]


@pytest.mark.parametrize("level", [1, 2, 3])
def test_what_is_not_proven_comes_first_with_what_is_stronger(level: int) -> None:
    first, *others = lines(level, row(level=level), row("beta", level, proven=False))
    assert first == (
        f"not proven: look at the lines above, then repeat: {WHY}killswitch.yml -e bots=beta -e level={level}"
    )
    stronger = f"if that does not prove it: {WHY}killswitch.yml -e bots=beta -e level=3"
    assert (stronger in others) == (level < 3)
    assert any(line.startswith("then sell what a dead bot has left: flatten.yml") for line in others) == (level > 1)
    assert not any("resume.yml -e bots=alpha,beta" in line for line in others)


def test_each_incident_in_force_has_its_own_command() -> None:
    older = INCIDENT.replace("2026", "2025")
    found = lines(1, row(), row("beta", incident=older), row("gamma", 3, incident=older))
    assert [line.partition(" -e incident=")[2][:29] for line in found if "resume" in line] == [older, older, INCIDENT]


@pytest.mark.parametrize("incident", ["", "one", f"{INCIDENT} ; rm -rf /", f"$(reboot){INCIDENT}", f"{INCIDENT}\n"])
def test_an_incident_that_is_none_gets_into_no_command(incident: str) -> None:
    assert lines(1, row(incident=incident)) == []


@pytest.mark.parametrize("bot", ["delta", "alpha;reboot", "Alpha", ""])
@pytest.mark.parametrize("proven", [True, False])
def test_a_bot_that_nobody_declared_gets_into_no_command(bot: str, *, proven: bool) -> None:
    assert lines(1, row(bot, proven=proven)) == []
    assert lines(1, row(bot, proven=proven), declared=("alpha", *([bot] if bot != "delta" else []))) == []


def held(bot: str, level: int, *, holder: str = "halt", mode: str = "paper") -> dict[str, object]:
    return {"bot": bot, "mode": mode, "holds": [{"holder": holder, "level": level, "incident": INCIDENT}]}


def test_each_hold_that_a_person_takes_down_has_its_way_back() -> None:
    rows = [held("alpha", 1), held("beta", 1, holder="breaker"), held("gamma", 3, holder="restore", mode="live")]
    found = of_holds([*rows, held("delta", 1), {"bot": "alpha", "holds": []}], ("alpha", "beta", "gamma"))
    under = f"-e incident={INCIDENT}"
    assert found == [
        f"when the cause is gone, to let them buy again: {WHY}resume.yml -e bots=alpha {under}",
        f"to sell what is open: {WHY}flatten.yml -e bots=gamma {under}",
        f"after a flatten, or a sale by hand: {WHY}reconcile.yml -e bots=gamma {under}",
        f"when the cause is gone, to have them up and paused: {WHY}resume.yml -e bots=gamma {under}",
        "then, to let them buy again: the same once more",
    ]


def test_each_step_of_the_way_back_names_the_next_one() -> None:
    under = f"-e bots=gamma -e incident={INCIDENT}"
    assert after_step("flatten", "gamma", INCIDENT, ["gamma"]) == [
        f"next, to take in what was sold: {WHY}reconcile.yml {under}"
    ]
    assert after_step("reconcile", "gamma", INCIDENT, ["gamma"]) == [
        f"when the cause is gone, to have it up and paused: {WHY}resume.yml {under}"
    ]
    assert after_step("flatten", "gamma", INCIDENT, ["alpha"]) == []
    assert after_step("flatten", "gamma", f"{INCIDENT};reboot", ["gamma"]) == []
