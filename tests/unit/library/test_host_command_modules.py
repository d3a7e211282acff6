"""The modules that run freqops-host: what they ask of freqops-host, and how they pass on its answer."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from ansible.module_utils.basic import AnsibleModule

from freqops.core.bot import host_command as our_copy
from library import (
    freqops_fenced,
    freqops_flatten,
    freqops_fleet,
    freqops_halt,
    freqops_incident,
    freqops_logs,
    freqops_postgres,
    freqops_reconcile,
    freqops_restore,
    freqops_resume,
    freqops_rollback,
    freqops_runs,
    freqops_status,
    freqops_strategies,
    freqops_switch,
)
from tests.unit.library.conftest import Run

Stub = Callable[..., tuple[str, Path]]
FLATTENED = {"bot": "alpha", "flat": True, "sold": [], "cancelled": [], "left": [], "detail": ["dust"], "exchange": {}}
RECONCILED = {
    "bot": "alpha", "agrees": True, "trades": [], "disagreements": [], "detail": ["dust"], "exchange": {},
}  # fmt: skip
RELEASED = {"bot": "alpha", "outcome": "running", "changed": True, "level": 0, "detail": []}
RESTORED = {
    "bot": "alpha", "outcome": "restored", "changed": True, "proven": True, "level": 3, "dump": "20260131T175900Z",
    "snapshot": "", "fenced": "",
    "moment": "2026-01-31T17:59:00Z", "kept": "alpha_paper_replaced", "forgotten": ["7 ETH/USDT"],
    "tables": [{"table": "trades", "now": 2, "then": 2, "same": True},
               {"table": "orders", "now": None, "then": 3, "same": False}],
    "in_the_way": ["it runs"], "detail": ["a remark"],
}  # fmt: skip
PERMISSION = {"bot": "alpha", "incident": "20260102T030405Z-halt1-9f3c21", "reason": "it's; $(back)", "actor": "maria"}

COMMANDS = [
    (freqops_resume, PERMISSION),
    (freqops_restore, {**PERMISSION, "dump": "latest"}),
    (freqops_flatten, PERMISSION),
    (freqops_reconcile, PERMISSION),
    (freqops_switch, {"releases": {"alpha": "0" * 16}, "actor": "maria"}),
    (freqops_rollback, {"bot": "alpha", "reason": "it's; $(back)", "actor": "maria"}),
    (freqops_postgres, {}),
]


def use(monkeypatch: pytest.MonkeyPatch, module: ModuleType, tool: str) -> None:
    """Let ``module`` find the program ``tool`` where it looks for freqops-host."""
    monkeypatch.setattr(module.host_command, "TOOL", tool)


def test_resume_names_incident_reason_and_actor(run: Run, stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    tool, noted = stub(json.dumps({**RELEASED, "detail": ["as it should be"]}))
    use(monkeypatch, freqops_resume, tool)
    answer = run(freqops_resume, **PERMISSION)
    assert (answer["changed"], answer["outcome"], answer["detail"]) == (True, "running", ["as it should be"])
    assert noted.read_text().splitlines() == [
        "resume",
        "alpha",
        "--incident=20260102T030405Z-halt1-9f3c21",
        "--reason=it's; $(back)",
        "--actor=maria",
    ]


CHECKLIST = {"version": 1, "items": [], "only_shown": "", "anyway": "the market moves"}


def test_resume_says_what_is_ticked_and_why_anyway_only_where_that_was_said(
    run: Run, stub: Stub, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A host that has no checklist yet does not know the words."""
    tool, noted = stub(json.dumps({**RELEASED, "restart": CHECKLIST}))
    use(monkeypatch, freqops_resume, tool)
    answer = run(freqops_resume, **PERMISSION, ticked="runs,messages", anyway="the market moves")
    assert (answer["changed"], answer["restart"]) == (True, CHECKLIST)
    assert noted.read_text().splitlines()[-2:] == ["--ticked=runs,messages", "--anyway=the market moves"]
    tool, noted = stub(json.dumps(RELEASED))
    use(monkeypatch, freqops_resume, tool)
    assert run(freqops_resume, **PERMISSION, ticked="", anyway="")["restart"] == {}
    assert "--ticked" not in noted.read_text()
    assert "--anyway" not in noted.read_text()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            {"ticked": "risk"},
            "'risk' is measured, and is no item that may be ticked; allowed: incident, runs, messages",
        ),
        ({"ticked": "runs,everything"}, "'everything' is no item that may be ticked; allowed: incident, runs"),
        ({"anyway": "two\nlines"}, "anyway must be one line of 1 to 200 characters"),
        ({"anyway": "  "}, "anyway must be one line of 1 to 200 characters"),
    ],
)
def test_words_about_the_checklist_that_mean_nothing_reach_no_host(
    run: Run, stub: Stub, monkeypatch: pytest.MonkeyPatch, words: dict[str, str], said: str
) -> None:
    tool, noted = stub(json.dumps(RELEASED))
    use(monkeypatch, freqops_resume, tool)
    answer = run(freqops_resume, **PERMISSION, **words)
    assert answer["failed"]
    assert answer["msg"].startswith("alpha: REFUSED, nothing was resumed: ")
    assert said in answer["msg"]
    assert not noted.exists()


def test_a_checklist_that_refused_is_in_the_result(run: Run, stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    step = [{"step": "vouch", "incident": PERMISSION["incident"]}]
    tool, _ = stub(json.dumps({"refused": "it is not complete", "next_steps": step, "restart": CHECKLIST}), 1)
    use(monkeypatch, freqops_resume, tool)
    answer = run(freqops_resume, **PERMISSION)
    assert (answer["failed"], answer["changed"], answer["msg"]) == (True, False, "alpha: it is not complete")
    assert (answer["restart"], answer["next_steps"]) == (CHECKLIST, step)


@pytest.mark.parametrize(
    ("module", "said"),
    [(freqops_resume, "NOTHING RESUMED"), (freqops_flatten, "NOTHING SOLD"), (freqops_reconcile, "NOTHING DONE")],
)
def test_nobody_takes_a_check_for_the_deed(
    run: Run, stub: Stub, monkeypatch: pytest.MonkeyPatch, module: ModuleType, said: str
) -> None:
    tool, noted = stub(json.dumps({**RELEASED, **FLATTENED, **RECONCILED}))
    use(monkeypatch, module, tool)
    answer = run(module, check=True, **PERMISSION)
    assert (answer["failed"], answer["msg"]) == (True, f"{said}: this was a check")
    assert not noted.exists()


@pytest.mark.parametrize("name", ["flatten", "reconcile"])
def test_what_is_done_to_a_dead_bot_names_incident_reason_and_actor(
    run: Run, stub: Stub, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    module, answer = {"flatten": (freqops_flatten, FLATTENED), "reconcile": (freqops_reconcile, RECONCILED)}[name]
    tool, noted = stub(json.dumps(answer))
    use(monkeypatch, module, tool)
    result = run(module, **PERMISSION)
    assert (result.get("failed", False), result["changed"], result["detail"]) == (False, False, ["dust"])
    assert noted.read_text().splitlines() == [
        name,
        "alpha",
        "--incident=20260102T030405Z-halt1-9f3c21",
        "--reason=it's; $(back)",
        "--actor=maria",
    ]


@pytest.mark.parametrize("check", [False, True])
def test_restore_names_the_dump_and_says_what_is_replaced_by_what(
    run: Run, stub: Stub, monkeypatch: pytest.MonkeyPatch, check: bool
) -> None:
    warned: list[str] = []
    monkeypatch.setattr(AnsibleModule, "warn", lambda _self, text: warned.append(text))
    tool, noted = stub(json.dumps(RESTORED))
    use(monkeypatch, freqops_restore, tool)
    given = {"dump": "2026-01-31T18:00:00Z", "repository": "vault", "from_bot": "beta", "fenced": "it's off"}
    answer = run(freqops_restore, check=check, overwrite=True, **given, **PERMISSION)
    assert (answer["changed"], answer["dump"], answer["kept"]) == (True, "20260131T175900Z", "alpha_paper_replaced")
    assert noted.read_text().splitlines() == [
        "restore", "alpha", "--incident=20260102T030405Z-halt1-9f3c21", "--reason=it's; $(back)", "--actor=maria",
        "--dump=2026-01-31T18:00:00Z", "--repository=vault", "--from-bot=beta", "--fenced=it's off", "--overwrite",
        *(["--check"] if check else []),
    ]  # fmt: skip
    said = "NOTHING RESTORED, this was a check: a restore would bring" if check else "restored:"
    when = "now" if check else "before"
    assert warned == [
        f"alpha: {said} dump 20260131T175900Z, which has everything until 2026-01-31T17:59:00Z",
        f"alpha: table orders: no table {when}, 3 rows in the dump",
        "alpha: the dump does not know these trades as they were last: 7 ETH/USDT",
        "alpha: it would be refused now: it runs",
        "alpha: a remark",
    ]


def test_a_restore_that_is_not_proven_is_a_failure(run: Run, stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    tool, noted = stub(json.dumps({**RESTORED, "proven": False, "detail": ["the FORMER database stands"]}), 2)
    use(monkeypatch, freqops_restore, tool)
    answer = run(freqops_restore, dump="latest", **PERMISSION)
    assert (answer["failed"], answer["msg"]) == (True, "alpha: NOT RESTORED: the FORMER database stands")
    assert "--overwrite" not in noted.read_text()


@pytest.mark.parametrize(
    ("changed", "expected"),
    [({}, False), ({"sold": [{"pair": "BTC/USDT"}]}, True), ({"cancelled": ["7 buy 1 BTC/USDT"]}, True)],
)
def test_flatten_changed_something_where_it_sold_or_cancelled(
    run: Run, stub: Stub, monkeypatch: pytest.MonkeyPatch, changed: dict[str, Any], expected: bool
) -> None:
    tool, _ = stub(json.dumps({**FLATTENED, **changed}))
    use(monkeypatch, freqops_flatten, tool)
    answer = run(freqops_flatten, **PERMISSION)
    assert answer["changed"] is expected
    assert {name: answer[name] for name in changed} == changed


def test_what_is_not_flat_is_a_failure_that_says_what_was_sold(
    run: Run, stub: Stub, monkeypatch: pytest.MonkeyPatch
) -> None:
    sold = [{"pair": "ETH/USDT"}]
    tool, _ = stub(json.dumps({**FLATTENED, "flat": False, "sold": sold, "left": ["1 BTC", "an order"]}), 2)
    use(monkeypatch, freqops_flatten, tool)
    answer = run(freqops_flatten, **PERMISSION)
    assert (answer["failed"], answer["msg"]) == (True, "alpha is NOT FLAT: 1 BTC; an order")
    assert (answer["changed"], answer["sold"]) == (True, sold)


@pytest.mark.parametrize(("is_open", "expected"), [(True, False), (False, True)])
def test_reconcile_changed_something_where_a_trade_was_closed(
    run: Run, stub: Stub, monkeypatch: pytest.MonkeyPatch, is_open: bool, expected: bool
) -> None:
    trades = [{"trade": 1, "pair": "BTC/USDT", "open": is_open, "amount": "1"}]
    tool, _ = stub(json.dumps({**RECONCILED, "trades": trades}))
    use(monkeypatch, freqops_reconcile, tool)
    answer = run(freqops_reconcile, **PERMISSION)
    assert (answer["changed"], answer["trades"]) == (expected, trades)


def test_what_still_disagrees_is_a_failure(run: Run, stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    tool, _ = stub(json.dumps({**RECONCILED, "agrees": False, "disagreements": ["BTC: 1, not 2"]}), 2)
    use(monkeypatch, freqops_reconcile, tool)
    answer = run(freqops_reconcile, **PERMISSION)
    assert (answer["failed"], answer["msg"]) == (True, "alpha: RECORDS AND EXCHANGE DISAGREE: BTC: 1, not 2")


@pytest.mark.parametrize(("module", "arguments"), COMMANDS)
def test_a_host_without_the_tool_is_told_what_brings_it(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, module: ModuleType, arguments: dict[str, Any]
) -> None:
    use(monkeypatch, module, str(tmp_path / "nowhere"))
    answer = run(module, **arguments)
    assert answer["failed"] is True
    assert "is not on this host; deploy.yml brings it" in answer["msg"]


def test_a_refusal_passes_on_the_way_out_and_no_junk(run: Run, stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    halt = {"step": "halt", "incident": ""}
    said: list[Any] = [halt, {"step": 5}, "halt", {"step": "resume", "incident": None}, {"step": "look"}]
    tool, _ = stub(json.dumps({"refused": "not yet", "next_steps": said}), 1)
    use(monkeypatch, freqops_flatten, tool)
    answer = run(freqops_flatten, **PERMISSION)
    assert (answer["failed"], answer["msg"]) == (True, "alpha: not yet")
    assert answer["next_steps"] == [halt, {"step": "look", "incident": ""}]
    tool, _ = stub(json.dumps({"refused": "never", "next_steps": "halt"}), 1)
    use(monkeypatch, freqops_flatten, tool)
    assert "next_steps" not in run(freqops_flatten, **PERMISSION)


@pytest.mark.parametrize(("module", "arguments"), COMMANDS)
@pytest.mark.parametrize(
    ("answer", "status", "said"),
    [
        ('{"refused": "another command is working on alpha"}', 1, "another command is working on alpha"),
        ('{"not_proven": "its loop has not come round"}', 2, "its loop has not come round"),
        ("Traceback, or nothing that is JSON", 1, "gave no answer"),
        ("", 0, "gave no answer"),
    ],
)
def test_a_refusal_is_a_failure_even_with_status_0(  # noqa: PLR0917  one case is all of these
    run: Run,
    stub: Stub,
    monkeypatch: pytest.MonkeyPatch,
    module: ModuleType,
    arguments: dict[str, Any],
    answer: str,
    status: int,
    said: str,
) -> None:
    tool, _ = stub(answer, status)
    use(monkeypatch, module, tool)
    result = run(module, **arguments)
    assert result["failed"] is True
    assert said in result["msg"]


@pytest.mark.parametrize(
    ("module", "arguments"),
    [
        (freqops_fleet, {"playbook": "status.yml"}),
        (freqops_incident, {"incident": "20260102T030405Z-halt1-9f3c21"}),
        (freqops_runs, {"action": "index"}),
        (freqops_strategies, {}),
        (freqops_halt, {"level": "1", "bots": "all"}),
        (freqops_status, {}),
        (freqops_logs, {}),
    ],
)
def test_documentation_of_an_action_does_nothing_on_a_host(
    run: Run, module: ModuleType, arguments: dict[str, Any]
) -> None:
    answer = run(module, **arguments)
    assert answer["failed"] is True
    assert "is an action of the control node" in answer["msg"]


# --- the answer itself


@pytest.mark.parametrize(
    "output",
    [
        '{"flat": true}',
        'docker: something\n{"flat": true}\n',
        '{"flat": false}\n{"flat": true}\nfreqops-host: something\n',
    ],
)
def test_the_last_object_is_the_answer(output: str) -> None:
    assert our_copy.understood(output, "", "flat") == {"flat": True}


@pytest.mark.parametrize(
    ("output", "errors", "said"),
    [
        ("", "no sudo", "gave no answer: no sudo"),
        ("[1]", "", "gave no answer: [1]"),
        ('{"flat"', "", "gave no answer"),
        ('{"refused": "busy"}', "", "^busy$"),
        ('{"not_proven": "the disk"}', "", "^the disk$"),
        ('{"agrees": true}', "", "agrees"),
    ],
)
def test_anything_else_is_no_answer(output: str, errors: str, said: str) -> None:
    with pytest.raises(our_copy.NoAnswer, match=said.replace("[", r"\[")):
        our_copy.understood(output, errors, "flat")


@pytest.mark.parametrize(("level", "said"), [(3, None), (1, "it is held at level 1"), (None, "not understood")])
def test_a_bot_that_is_fenced_is_proven_by_its_host_alone(
    run: Run, stub: Stub, monkeypatch: pytest.MonkeyPatch, level: int | None, said: str | None
) -> None:
    row: dict[str, Any] = {"bot": "alpha", "problems": [], "holds": [], "level": level, "trader": "no process"}
    tool, noted = stub(json.dumps({"host": "paper-1", "bots": [row], "undeclared": []}))
    use(monkeypatch, freqops_fenced, tool)
    answer = run(freqops_fenced, host="paper-1", bot="alpha")
    assert noted.read_text().splitlines() == ["status", "--json"]
    assert not answer.get("changed")
    if said is None:
        assert answer["said"].endswith("that alpha is held at level 3 and has no process")
    else:
        assert answer["failed"]
        assert "NOT PROVEN that alpha of paper-1 is kept from trading: " in answer["msg"]
        assert said in answer["msg"]
