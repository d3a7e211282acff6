"""What playbooks refuse before a host is asked: the stations of a play, run in this process with words of ``-e``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from ansible import context
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.parsing.dataloader import DataLoader
from ansible.parsing.splitter import parse_kv
from ansible.playbook.task import Task
from ansible.plugins.action import ActionBase
from ansible.template import Templar

from action_plugins import freqops_circuit_breaker, freqops_drill, freqops_fleet, freqops_halt, freqops_incident
from freqops.plays import connections, run_guard

ROOT = Path(__file__).resolve().parents[3]
ACTIONS = {
    "freqops_circuit_breaker": freqops_circuit_breaker, "freqops_drill": freqops_drill,
    "freqops_fleet": freqops_fleet, "freqops_halt": freqops_halt, "freqops_incident": freqops_incident,
}  # fmt: skip
FLEET = {
    "paper-1": {"freqtrade_bots": [{"name": "alpha", "mode": "paper"}, {"name": "beta", "mode": "paper"}]},
    "prod-1": {"freqtrade_bots": [{"name": "gamma", "mode": "live"}]},
}
ALL_OR_SOME = "{{ fleet_hosts | default('all') }}"  # of which this is about all
REASON = "reason=test"
INCIDENT = "incident=20260101T000000Z-halt3-000003"


def plays_of(playbook: Path) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Yield the plays of a playbook that reach hosts, each with the variables that it is given."""
    for play in DataLoader().load_from_file(str(playbook), trusted_as_template=True):
        if "ansible.builtin.import_playbook" not in play:
            yield play, play.get("vars", {})
            continue
        imported = playbook.parent / play["ansible.builtin.import_playbook"]
        for inner, own in plays_of(imported):
            if inner["hosts"] in ("all", ALL_OR_SOME):
                yield inner, {**own, **play.get("vars", {})}


def refused(monkeypatch: pytest.MonkeyPatch, name: str, *words: str, check: bool = False) -> str:
    """Go through a playbook until it refuses, and return what it says then; no host may have been asked."""
    monkeypatch.setattr(context, "CLIARGS", {"extra_vars": words, "inventory": ("lab",)})
    monkeypatch.setattr(run_guard.Guard, "watches", True)
    monkeypatch.setattr(ActionBase, "run", lambda *_: {})
    monkeypatch.setattr(connections, "ask", lambda *_: pytest.fail("a host was asked"))
    given = {key: value for word in words for key, value in parse_kv(word).items()}
    playbook = ROOT / "playbooks" / f"{name}.yml"
    hosts = {"ansible_play_hosts_all": list(FLEET), "groups": {"all": list(FLEET)}, "hostvars": FLEET}
    for play, own in plays_of(playbook):
        variables = {"playbook_dir": str(ROOT / "playbooks/common"), **hosts, **own, **given}
        if "validate_argspec" in play:
            errors = refused_words(playbook, play["validate_argspec"], given)
            if errors:
                return errors
        for task in play["tasks"]:
            for action in ACTIONS.keys() & task.keys():
                module = ACTIONS[action].ActionModule
                made = module.__new__(module)
                arguments = Templar(loader=DataLoader(), variables=variables).template(task[action])
                made._task = cast(Task, SimpleNamespace(args=arguments, check_mode=check))
                done = made.run(None, variables)
                if done.get("failed"):
                    assert not done.get("changed")
                    return str(done["msg"])
    return pytest.fail("nothing was refused")


def refused_words(playbook: Path, name: str, given: dict[str, Any]) -> str:
    """Return what Ansible says of the words of a play when it compares them with their specification."""
    document = DataLoader().load_from_file(str(playbook.with_suffix(".meta.yml")))
    spec = document["argument_specs"][name]["options"]
    asked = {key: value for key, value in given.items() if key in spec}
    return "; ".join(ArgumentSpecValidator(spec).validate(asked).error_messages)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("level=two", REASON), "got: two"),
        (("level=4", REASON), "got: 4"),
        (("level=2.0", REASON), "got: 2.0"),
        ((REASON,), "missing required arguments: level"),
        (("level=1", "bots=aplha", REASON), "REFUSED, nothing ran: unknown bot 'aplha'"),
        (("levle=1", REASON), "REFUSED, nothing ran: unknown variable 'levle'; did you mean level?"),
        (("level=1", "reason=it said level=3"), "REFUSED, nothing ran: level is given 2 times"),
        (("level=1", "deadline=soon", REASON), "REFUSED, nothing ran: deadline is 'soon'"),
        (("level=1", "deadline=0", REASON), "REFUSED, nothing ran: deadline is '0'"),
        (("level=1", "bots=", REASON), "REFUSED, nothing ran: unknown bot ''"),
        (("level=1", "reason="), "REFUSED, nothing ran: reason must be one line"),
    ],
)
def test_a_halt_with_words_that_mean_nothing(
    monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], said: str
) -> None:
    assert said in refused(monkeypatch, "killswitch", *words)


@pytest.mark.parametrize(
    ("name", "words", "cut"),
    [
        ("resume", ("bots=gamma", INCIDENT, REASON, "anyway=its positions need it"), "anyway"),
        ("resume", ("bots=gamma", INCIDENT, "reason=it is well", "anyway='two words'"), "anyway"),
        ("incident", ("action=close", INCIDENT, "root_cause=a cable was loose", "remedy=tape"), "remedy"),
    ],
)
def test_a_text_that_was_cut_at_a_blank_is_refused(
    monkeypatch: pytest.MonkeyPatch, name: str, words: tuple[str, ...], cut: str
) -> None:
    """Which of the texts it was is not known, so none is kept in part."""
    said = refused(monkeypatch, name, *words)
    assert said.startswith(f"REFUSED, nothing ran: {cut}, or another text, was cut at a blank; write it -e ")
    assert "FREQOPS_REASON='…' before the command" in said


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("adopt", ("bot=alpha", "project=/p")),
        ("flatten", ("bots=alpha", INCIDENT)),
        ("incident", ("action=open", "severity=warning")),
        ("lockout", ("bots=alpha", "what=api")),
        ("reconcile", ("bots=alpha", INCIDENT)),
        ("remove", ("bots=alpha",)),
        ("restore", ("bots=alpha", "snapshot=latest", INCIDENT)),
        ("resume", ("bots=alpha", INCIDENT)),
        ("rollback", ("bots=alpha",)),
    ],
)
def test_what_needs_a_reason_says_how_to_give_one(
    monkeypatch: pytest.MonkeyPatch, name: str, words: tuple[str, ...]
) -> None:
    monkeypatch.delenv("FREQOPS_REASON", raising=False)
    said = refused(monkeypatch, name, *words)
    assert said == "REFUSED, nothing ran: no reason is given; put FREQOPS_REASON='…' before the command"


def test_incidents_are_looked_at_and_closed_without_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FREQOPS_REASON", raising=False)
    assert "no root cause and no action" in refused(monkeypatch, "incident", "action=close", INCIDENT)


@pytest.mark.parametrize("name", ["ansible_host", "ansible_connection", "ansible_ssh_host"])
def test_one_place_for_all_hosts(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    said = refused(monkeypatch, "status", f"{name}=local")
    assert said == (
        f"REFUSED, nothing ran: {name} on the command line leads all hosts to one place; it belongs in the inventory"
    )


def test_a_mere_check_is_no_halt_and_no_drill(monkeypatch: pytest.MonkeyPatch) -> None:
    said = refused(monkeypatch, "killswitch", "level=1", REASON, check=True)
    assert said == "NOTHING HALTED: this was a check"
    assert refused(monkeypatch, "drill", "bots=alpha", check=True) == "NOTHING REHEARSED: this was a check"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "missing required arguments: action"),
        (("action=trip",), "got: trip"),
        (("action=enable", "scope=risk", REASON), "REFUSED, nothing ran: scope=risk: there is no risk breaker yet"),
        (("action=enable", "scope=all", REASON), "got: all"),
        (("action=enable", "bots=aplha", REASON), "REFUSED, nothing ran: unknown bot 'aplha'"),
        (("action=enable", "minuts=5", REASON), "unknown variable 'minuts'; did you mean minutes?"),
        (("action=disable",), "REFUSED, nothing ran: no reason is given"),
        (("action=withdraw",), "REFUSED, nothing ran: no reason is given"),
        (
            ("action=withdraw", "minutes=5", REASON),
            "REFUSED, nothing ran: minutes cannot be given with action=withdraw",
        ),
        (
            ("action=override", "bots=alpha", "minutes=5", REASON),
            "REFUSED, nothing ran: action=override is about the runs",
        ),
        (("action=withdraw", "bots=alpha", REASON), "REFUSED, nothing ran: action=withdraw is about the runs"),
        (("action=override", "minutes=5"), "REFUSED, nothing ran: no reason is given"),
        (("action=status", "minutes=5"), "REFUSED, nothing ran: minutes cannot be given with action=status"),
        (("action=disable", "until=2030-01-01T00:00:00Z", REASON), "cannot be given with action=disable"),
        (("action=enable", "deadline=soon", REASON), "REFUSED, nothing ran: deadline is 'soon'"),
    ],
)
def test_a_breaker_with_words_that_mean_nothing(
    monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], said: str
) -> None:
    monkeypatch.delenv("FREQOPS_REASON", raising=False)
    assert said in refused(monkeypatch, "circuit_breaker", *words)


def test_a_mere_check_switches_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    said = refused(monkeypatch, "circuit_breaker", "action=enable", REASON, check=True)
    assert said == "NOTHING SWITCHED: this was a check"


def test_hosts_without_bots_are_no_reason_to_refuse_a_breaker(monkeypatch: pytest.MonkeyPatch) -> None:
    """The check is the last station: what comes so far would be done."""
    monkeypatch.setitem(FLEET, "paper-1", {"freqtrade_bots": []})
    monkeypatch.setitem(FLEET, "prod-1", {"freqtrade_bots": []})
    assert refused(monkeypatch, "circuit_breaker", "action=enable", REASON, check=True).startswith("NOTHING SWITCHED")
    assert "no host reached by this play has a bot" in refused(monkeypatch, "killswitch", "level=1", REASON)


def test_a_bot_that_trades_live_is_not_drilled(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "REFUSED, nothing ran: gamma trades live" in refused(monkeypatch, "drill", "bots=gamma")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("drill", ()),
        ("flatten", (REASON, INCIDENT)),
        ("lockout", (REASON, "what=api")),
        ("reconcile", (REASON, INCIDENT)),
        ("restore", (REASON, INCIDENT, "snapshot=latest")),
        ("resume", (REASON, INCIDENT)),
    ],
)
def test_all_bots_at_once(monkeypatch: pytest.MonkeyPatch, name: str, words: tuple[str, ...]) -> None:
    assert "REFUSED, nothing ran: name each bot" in refused(monkeypatch, name, "bots=all", *words)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("flatten", (INCIDENT,)),
        ("lockout", ("what=api",)),
        ("reconcile", (INCIDENT,)),
        ("remove", ()),
        ("restore", (INCIDENT, "snapshot=latest")),
        ("resume", (INCIDENT,)),
        ("rollback", ()),
    ],
)
def test_an_empty_reason_is_none(monkeypatch: pytest.MonkeyPatch, name: str, words: tuple[str, ...]) -> None:
    said = refused(monkeypatch, name, "bots=alpha", "reason=", *words)
    assert said == "REFUSED, nothing ran: reason must be one line of 1 to 200 characters"


def test_a_number_that_is_nothing_is_not_taken_for_what_was_not_given() -> None:
    action = freqops_halt.ActionModule.__new__(freqops_halt.ActionModule)
    action._task = cast(Task, SimpleNamespace(args={"deadline": 0, "levels": ""}))
    assert [action.argument("deadline"), action.argument("levels", "1"), action.argument("bots")] == [0, "1", None]


def test_what_leaks_is_a_password_or_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    said = refused(monkeypatch, "lockout", "bots=alpha", "what=house", REASON)
    assert "value of what must be one of: api, exchange, telegram, webhook, discord, got: house" in said
