"""After a halt stands what to type next, complete, and nothing in it that a host could have made up."""

from __future__ import annotations

import pytest

from freqops.core.base.next_step import MOST, NextStep, to_json
from freqops.core.base.outcome import BY_PLAN
from freqops.core.halt.answer import Row
from freqops.core.halt.next_commands import after_disable, after_halt, after_step, look, of_holds, to_disable

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


MODES = {"alpha": "paper", "beta": "paper", "gamma": "live"}
ADOPT = "ansible-playbook playbooks/adopt.yml"


def after(step: str, *results: tuple[str, dict[str, object]], incident: str = INCIDENT, host: str = "h-1") -> list[str]:
    return after_step(step, incident, results, MODES, host)


def refused(*steps: NextStep) -> dict[str, object]:
    return {"failed": True, "next_steps": to_json(steps)}


def test_each_step_of_the_way_back_names_the_next_one() -> None:
    gamma = f"-e bots=gamma -e incident={INCIDENT}"
    up = f"when the cause is gone, to have it up and paused: {WHY}resume.yml"
    enter = f"when the cause is gone, to let it buy again: {WHY}resume.yml"
    assert after("flatten", ("gamma", {})) == [f"next, to take in what was sold: {WHY}reconcile.yml {gamma}"]
    assert after("reconcile", ("gamma", {})) == [f"{up} {gamma}"]
    assert after("restore", ("gamma", {})) == [f"next, to take in what its exchange has: {WHY}reconcile.yml {gamma}"]
    both = f"-e bots=alpha,beta -e incident={INCIDENT}"
    assert after("restore", ("beta", {}), ("alpha", {})) == [f"{up} {both}"]
    held = {"incident": INCIDENT.replace("2026", "2025"), "level": 1}
    assert after("lockout", ("alpha", held)) == [f"{enter} -e bots=alpha -e incident={held['incident']}"]
    assert after("lockout", ("alpha", {**held, "level": 3})) == [f"{up} -e bots=alpha -e incident={held['incident']}"]
    assert after("adopt", ("alpha", {"incident": INCIDENT})) == [
        f"{enter} -e bots=alpha -e incident={INCIDENT}",
        f"or, to give the old one back: FREQOPS_REASON='…' {ADOPT} -e bot=alpha -e undo=true",
    ]
    start = [f"to start it: {WHY}bots.yml -e bots=alpha -e action=start"]
    assert after("resume", ("alpha", {"outcome": BY_PLAN})) == start
    assert after("bots", ("alpha", {"outcome": BY_PLAN, "proven": True})) == start
    assert after("resume", ("alpha", {"outcome": "paused"})) == []


def test_a_refusal_names_the_way_out() -> None:
    def of(step: str, named: NextStep) -> str:
        [line] = after(step, ("alpha", refused(named)))
        return line

    under = f"-e bots=alpha -e incident={INCIDENT}"
    for step in ("resume", "flatten", "reconcile", "restore"):
        assert of(step, NextStep("again", INCIDENT)) == (
            f"under the incident that is in force: {WHY}{step}.yml {under}"
        )
    assert of("flatten", NextStep("halt")) == f"to stop it for certain: {WHY}killswitch.yml -e bots=alpha -e level=3"
    assert of("flatten", NextStep("resume", INCIDENT)).endswith(f"{WHY}resume.yml {under}")
    assert of("resume", NextStep("reconcile", INCIDENT)).endswith(f"{WHY}reconcile.yml {under}")
    assert of("resume", NextStep("disable")).endswith(f"{WHY}circuit_breaker.yml --limit h-1 -e action=disable")
    assert of("resume", NextStep("disable_own")).endswith(f"{WHY}circuit_breaker.yml -e bots=alpha -e action=disable")
    assert of("bots", NextStep("start")).endswith(f"{WHY}bots.yml -e bots=alpha -e action=start")
    assert of("adopt", NextStep("undo")).endswith(f"{ADOPT} -e bot=alpha -e undo=true")
    assert of("remove", NextStep("sell")) == f"to sell what it has open: {WHY}killswitch.yml -e bots=alpha -e level=2"
    assert of("resume", NextStep("look")) == "look first: ansible-playbook playbooks/status.yml"
    row = {"outcome": "refused", "proven": False, "next_steps": to_json([NextStep("start")])}
    assert after("bots", ("alpha", row)) == [f"to start it: {WHY}bots.yml -e bots=alpha -e action=start"]


def test_a_lockout_that_is_not_proven_is_repeated_with_its_words() -> None:
    [line] = after_step("lockout", INCIDENT, [("alpha", {"failed": True})], MODES, "h-1", "-e what=api")
    assert line == f"when that is put right, again: {WHY}lockout.yml -e bots=alpha -e what=api"


def test_a_restore_is_repeated_with_its_words() -> None:
    words = """-e '{"snapshot": "latest", "fenced": "it is unplugged"}'"""
    answer = refused(NextStep("again", INCIDENT))
    [line] = after_step("restore", INCIDENT, [("alpha", answer)], MODES, "h-1", words)
    assert line.endswith(f"{WHY}restore.yml -e bots=alpha -e incident={INCIDENT} {words}")


def test_a_bot_that_did_not_come_up_has_its_report_and_one_that_was_not_touched_none() -> None:
    def row(outcome: str, *, well: bool = False, proven: bool = True) -> dict[str, object]:
        return {"outcome": outcome, "well": well, "proven": proven}

    report = f"what it did, and what Freqtrade said: ansible-playbook playbooks/incident.yml -e incident={INCIDENT}"
    assert after("deploy", ("alpha", row("rolled back"))) == [report, *LOOK]
    both = after("deploy", ("alpha", row("rolled back", proven=False)), ("gamma", row("not proven", proven=False)))
    assert both == [report, *LOOK]
    for outcome in ("refused", "not reached"):
        assert after("deploy", ("alpha", row(outcome, proven=False))) == []
    assert after("deploy", ("alpha", row("running", well=True))) == []
    assert after("deploy", ("delta", row("rolled back"))) == []


LOOK = ["look first: ansible-playbook playbooks/status.yml"]


def test_what_was_refused_has_no_next_step_of_what_was_proven() -> None:
    for step in ("flatten", "reconcile", "restore", "adopt", "resume", "bots", "rollback", "remove"):
        assert after(step, ("gamma", {"failed": True, "incident": INCIDENT, "outcome": BY_PLAN})) == LOOK
    assert after("rollback", ("gamma", {})) == []
    assert [look()] == LOOK


@pytest.mark.parametrize(
    "named",
    [
        None, 5, "halt", [None], [5], [{}], [{"step": 5}], [{"step": "reboot"}], [{"step": "halt", "incident": 5}],
        [{"step": "halt", "incident": f"{INCIDENT};reboot"}],
        [{"step": "again", "incident": ""}], [{"step": "resume", "incident": f"{INCIDENT};reboot"}],
        [{"step": "resume", "incident": f"{INCIDENT}\n"}], [{"step": "reconcile", "incident": "one"}],
    ],
    ids=str,
)  # fmt: skip
def test_what_a_host_makes_up_gets_into_no_command(named: object) -> None:
    found = after("resume", ("alpha", {"failed": True, "next_steps": named}))
    assert found in (LOOK, [f"to stop it for certain: {WHY}killswitch.yml -e bots=alpha -e level=3"])
    incident = named[0].get("incident") if isinstance(named, list) and isinstance(named[0], dict) else named
    said = after("adopt", ("alpha", {"incident": incident}))
    assert said == [f"or, to give the old one back: FREQOPS_REASON='…' {ADOPT} -e bot=alpha -e undo=true"]
    assert after("lockout", ("alpha", {"incident": incident})) == []


def test_a_host_names_no_more_steps_than_a_few() -> None:
    many = [NextStep("resume", f"20260102T030405Z-halt1-{number:06x}") for number in range(50)]
    assert len(after("resume", ("alpha", refused(*many)))) == MOST


@pytest.mark.parametrize("bot", ["delta", "alpha;reboot", ""])
def test_no_other_bot_gets_into_the_command_after_a_step(bot: str) -> None:
    assert after("flatten", (bot, {})) == []
    assert after_step("flatten", INCIDENT, [(bot, {})], {} if bot == "delta" else {bot: "live"}, "h-1") == []
    assert after("flatten", ("gamma", {}), incident=f"{INCIDENT};reboot") == []


def test_the_name_of_a_host_is_one_word_of_the_command() -> None:
    [line] = after("resume", ("alpha", refused(NextStep("disable"))), host="a b;reboot")
    assert "--limit 'a b;reboot' -e action=disable" in line


def test_a_breaker_that_was_switched_on_says_how_it_is_switched_off() -> None:
    off = "when the cause is gone, to switch it off"
    assert to_disable([], []) == f"{off}: {WHY}circuit_breaker.yml -e action=disable"
    assert to_disable(["beta", "alpha"], ["h-1"]) == (
        f"{off}: {WHY}circuit_breaker.yml --limit h-1 -e bots=alpha,beta -e action=disable"
    )


def test_what_a_breaker_leaves_to_a_person_has_its_way_back() -> None:
    waiting = [("alpha", INCIDENT), ("delta", INCIDENT), ("beta", "made up"), ("beta", INCIDENT)]
    assert after_disable(waiting, MODES) == [
        f"when the cause is gone, to let them buy again: {WHY}resume.yml -e bots=alpha,beta -e incident={INCIDENT}"
    ]
