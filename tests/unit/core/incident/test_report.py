"""The report of an incident: what it says, what it says is missing, and that nobody can write a line of it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from freqops.core.base.markdown import code, visible
from freqops.core.incident.evidence import Evidence, understand
from freqops.core.incident.report import report, summary

ID = "20261121T084057Z-halt1-d2e2b6"
HALT, JOURNAL = "srv1-halt1-20261121T084102Z.json", "srv1-alpha-halt1.jsonl"


def row(**changed: Any) -> dict[str, Any]:
    return {
        "bot": "alpha", "mode": "paper", "level": 1, "found": "running", "state": "paused", "acknowledged": True,
        "acknowledged_s": 1.31, "proven": True, "proven_s": 5.2, "verdict": "HALTED, PROVEN", "detail": [],
        "positions": [], **changed,
    }  # fmt: skip


def halt(*rows: dict[str, Any], **changed: Any) -> str:
    return json.dumps({
        "version": 1, "command": "halt", "host": "srv1", "level": 1, "incident": ID, "reason": "feed is wrong",
        "actor": "maria@control", "began": "2026-11-21T08:40:57Z", "ended": "2026-11-21T08:41:02Z",
        "bots": list(rows), "undeclared": [], "proven": all(each["proven"] for each in rows), "exit": 0, **changed,
    })  # fmt: skip


def line(s: float, kind: str, what: str, to: str = "bot", **said: Any) -> str:
    at = f"2026-11-21T08:40:{57 + s:06.3f}Z" if s < 3 else f"2026-11-21T08:41:{s - 3:06.3f}Z"
    return json.dumps({"at": at, "s": s, "kind": kind, "to": to, "what": what, **said}) + "\n"


def reported(files: Mapping[str, str], **more: Any) -> str:
    return report(Evidence(ID, {"paper-1": files}, **more))


def section(text: str, title: str) -> list[str]:
    """The lines of the block of code below ``title``."""
    lines = text.split("\n")
    begin = lines.index(title) + 2
    assert lines[begin] == "```text"
    return lines[begin + 1 : lines.index("```", begin)]


TRADE_1 = {"trade_id": 1, "pair": "BTC/USDT", "amount": 0.1, "stake": 99.2, "protection": "unprotected"}
TRADE_5 = {"trade_id": 5, "pair": "SOL/USDT", "amount": 2.0, "stake_amount": 9.2, "orders": [{"is_open": True}]}
HELD = {"version": 1, "seq": 1, "holds": [{"holder": "halt", "level": 1, "incident": ID}]}
WHOLE = (
    line(0.01, "snapshot", "before", answer={
        "state": "running", "trades": [TRADE_1, TRADE_5], "holds": {"version": 1, "seq": 0, "holds": []},
        "exchange": {"balances": {"USDT": {"free": "900.1", "used": "9.2"}}, "entries": []},
    })
    + line(0.1, "question", "GET /show_config", answer={"state": "running"}, took_s=0.01)
    + line(0.2, "act", "POST /stopentry", answer={"status": "paused"}, took_s=0.012)
    + "".join(
        line(0.3 + round_ / 4, "question", "GET /show_config", answer={"state": "paused"})
        + line(0.31 + round_ / 4, "question", "GET /health", answer=round_)
        for round_ in range(6)
    )
    + line(2.5, "question", "GET /locks", error="GET /locks: status 500")
    + line(2.6, "note", "judged", to="exchange", answer={"flat": False})
    + line(5, "snapshot", "after", answer={
        "state": "paused", "trades": [TRADE_1], "holds": HELD,
        "exchange": {"balances": {"USDT": {"free": "909.3", "used": "0"}}, "entries": []},
    })
)  # fmt: skip


def test_what_was_commanded_and_achieved() -> None:
    text = reported({HALT: halt(row(detail=["entry order cancelled: trade 5 SOL/USDT"])), JOURNAL: WHOLE})
    assert text.split("\n")[:9] == [
        f"# Incident `{ID}`",
        "",
        "**ALL PROVEN**",
        "",
        "- Commanded: `halt`, level 1",
        "- Reason: `feed is wrong`",
        "- By: `maria@control`",
        "- When: 2026-11-21T08:40:57Z to 2026-11-21T08:41:02Z, 5 s",
        "- Hosts: `paper-1`",
    ]
    assert "What is missing" not in text
    assert section(text, "## Verdicts")[2].split() == [
        "paper-1", "alpha", "paper", "halt", "1", "yes", "1.31", "yes", "5.2", "HALTED,", "PROVEN",
    ]  # fmt: skip
    assert section(text, "## `alpha` on `paper-1`") == [
        "halt: HALTED, PROVEN: acknowledged after 1.31 s, proven after 5.2 s",
        "  entry order cancelled: trade 5 SOL/USDT",
    ]


def test_before_and_after() -> None:
    text = reported({HALT: halt(row()), JOURNAL: WHOLE})
    assert section(text, "Before and after `halt1`:") == [
        "state     running → paused",
        "trades    2 open → 1 open",
        "  trade 1: BTC/USDT 0.1, stake 99.2, unprotected, unchanged",
        "  trade 5: SOL/USDT 2.0, stake 9.2, open orders: 1 → no longer open",
        f"holds     none → halt 1 ({ID})",
        "exchange  USDT: free 900.1, used 9.2 → free 909.3, used 0",
        "exchange  entries: none, unchanged",
    ]


def test_what_was_done_failed_and_asked() -> None:
    text = reported({HALT: halt(row()), JOURNAL: WHOLE})
    assert section(text, "Done by `halt1`:") == [
        '08:40:57    0.20 s  bot: POST /stopentry → {"status": "paused"} (took 0.01 s)',
        '08:40:59    2.60 s  note exchange: judged → {"flat": false}',
    ]
    failed = "08:40:59    2.50 s  bot: GET /locks → FAILED: GET /locks: status 500"
    assert section(text, "Failed in `halt1`:") == [failed]
    assert section(text, "Asked by `halt1`, equal answers counted:") == [
        '08:40:57    0.10 s  bot: GET /show_config → {"state": "running"} (took 0.01 s)',
        '08:40:57    0.30 … 1.55 s  bot: GET /show_config, 6 times → {"state": "paused"}',
        "08:40:57    0.31 … 1.56 s  bot: GET /health, 6 times with 6 different outcomes, the last → 5",
        failed,
    ]


def test_an_act_between_equal_answers_keeps_them_apart() -> None:
    asked = line(0.1, "question", "GET /locks", answer=[])
    text = reported({JOURNAL: asked * 2 + line(0.2, "act", "POST /locks", answer={}) + asked})
    assert [entry.endswith("2 times → []") for entry in section(text, "Asked by `halt1`, equal answers counted:")] == [
        True,
        False,
    ]


def test_without_a_journal_the_answer_says_before_and_after() -> None:
    text = reported({HALT: halt(row(positions=[TRADE_1]))})
    assert section(text, "Before and after `halt1`:") == [
        "state     running → paused",
        "trades    not known → 1 open",
        "  trade 1: BTC/USDT 0.1, stake 99.2, unprotected",
        "holds     not known → not known",
    ]
    assert section(text, "## What is missing") == ["paper-1: no journal says what halt1 asked and did with alpha"]
    assert "**ALL PROVEN**" in text


def test_a_journal_without_an_answer_is_not_proven() -> None:
    evidence = Evidence(ID, {"srv1": {JOURNAL: WHOLE}})
    text = report(evidence)
    assert "**NOT ALL PROVEN**" in text
    assert "halt1 left no answer for alpha" in section(text, "## What is missing")[0]
    assert summary(evidence)["ended"] == "2026-11-21T08:41:02Z"


def test_missing_hosts_are_named_and_only_the_unknown_ones_spoil_the_proof() -> None:
    files = {"paper-1": {HALT: halt(row()), JOURNAL: WHOLE}, "paper-2": {}}
    text = report(Evidence(ID, files))
    assert section(text, "## What is missing") == ["paper-2: has no files of this incident"]
    assert "**ALL PROVEN**" in text
    text = report(Evidence(ID, files, {"paper-3": "unreachable: no route"}))
    assert "paper-3: could not be fetched: unreachable: no route" in text
    assert "**NOT ALL PROVEN**" in text
    text = report(Evidence(ID, files, {"paper-1": "unreachable"}))
    assert "paper-1: could not be fetched: unreachable; its files were copied before" in text
    assert "**ALL PROVEN**" in text


def test_a_journal_belongs_to_the_command_of_its_time() -> None:
    """Clocks are read twice, so a journal's name and its command's answer may be seconds apart."""
    first, again = "srv1-alpha-halt-20261121T084058Z.jsonl", "srv1-alpha-halt-20261121T095000Z.jsonl"
    files = {HALT: halt(row()), first: WHOLE, again: line(0.1, "act", "POST /stopentry", answer={})}
    (missing,) = section(reported(files), "## What is missing")
    assert missing.startswith(
        "paper-1: halt-20261121T095000Z left no answer for alpha, only a journal: it may have ended"
    )
    later = halt(row(), began="2026-11-21T09:49:58Z", ended="2026-11-21T09:50:09Z")
    files["srv1-halt1-20261121T095009Z.json"] = later
    assert "What is missing" not in reported(files)
    assert section(reported(files), "Done by `halt-20261121T095000Z`:") == [
        "08:40:57    0.10 s  bot: POST /stopentry → {}"
    ]


def test_a_command_that_asked_nothing_has_an_empty_journal() -> None:
    assert "What is missing" not in reported({HALT: halt(row()), JOURNAL: ""})


def test_a_halt_repeated_under_the_same_incident_is_judged_by_its_last_time() -> None:
    first = halt(
        row(proven=False, verdict="HALTED, LAST LOOP NOT PROVEN"), began="2026-11-21T08:30:00Z", incident="one"
    )
    other = row(bot="beta", incident="another")
    again = halt(row(), other, began="2026-11-21T08:50:00Z", incident="two")
    files = {"srv1-halt1-20261121T083010Z.json": first, "srv1-halt1-20261121T085010Z.json": again, JOURNAL: WHOLE}
    text = reported(files)
    assert "**ALL PROVEN**" in text
    assert [entry.partition(";")[0].rpartition(": ")[2] for entry in section(text, "## Commands")] == [
        "NOT PROVEN",
        "proven",
    ]
    assert "What is missing" not in text  # the journal of beta lies with the incident of its own hold
    foreign = halt(row(), proven=False, undeclared=[{"pid": 7, "command": "f"}], began="2026-11-21T08:55:00Z")
    assert "**NOT ALL PROVEN**" in reported({**files, "srv1-halt1-20261121T085510Z.json": foreign})


def test_what_was_left_alone_is_counted_once_and_named_each_time() -> None:
    beta = {"project": "/opt/beta/docker-compose.yml", "reason": "adopted on Sunday"}
    left = {"pid": 7, "command": "f", "left_alone": beta}
    first, again = halt(row(), undeclared=[left]), halt(row(), undeclared=[left], began="2026-11-21T08:50:00Z")
    text = reported({HALT: first, "srv1-halt1-20261121T085010Z.json": again, JOURNAL: WHOLE})
    assert "**ALL PROVEN, but for 1 Freqtrade that is left alone**" in text
    said = "paper-1: LEFT ALONE, NOT HALTED: Freqtrade of /opt/beta/docker-compose.yml goes on trading (pid 7): adopted"
    assert len([entry for entry in section(text, "## Verdicts") if entry.startswith(said)]) == 2
    marks: list[Any] = [None, [], {"project": 5, "reason": ""}]
    odd = [{"pid": 7, "command": "f", "left_alone": mark} for mark in marks]
    text = reported({HALT: halt(row(), proven=False, undeclared=odd), JOURNAL: WHOLE})
    assert "**NOT ALL PROVEN**" in text
    assert "paper-1: UNDECLARED Freqtrade process 7: f" in section(text, "## Verdicts")


def test_a_command_that_was_refused_or_changed_nothing_leaves_a_journal_and_spoils_no_proof() -> None:
    asked = line(0.1, "question", "balances", to="exchange", answer={})
    files = {HALT: halt(row()), JOURNAL: WHOLE, "srv1-alpha-halt3.jsonl": WHOLE}
    assert "What is missing" not in reported(files)
    files = {**files, "srv1-alpha-release-20261121T090000Z.jsonl": asked}
    text = reported(files)
    assert "**ALL PROVEN**" in text
    (missing,) = section(text, "## What is missing")
    assert missing.startswith(
        "paper-1: release-20261121T090000Z left no answer for alpha, only a journal: it was refused"
    )
    assert "**NOT ALL PROVEN**" in report(Evidence(ID, {"paper-1": files, "paper-2": {"paper-2-b-halt1.jsonl": WHOLE}}))


@pytest.mark.parametrize(
    ("command", "result", "verdict", "lines"),
    [
        ("flatten", {"flat": True, "sold": [{"amount": "1"}], "cancelled": ["buy 1"], "left": []}, "FLAT",
         ['sold: {"amount": "1"}', "cancelled: buy 1"]),
        ("flatten", {"flat": False, "left": ["0.5 BTC"]}, "NOT FLAT", ["left: 0.5 BTC"]),
        ("reconcile", {"agrees": True, "disagreements": []}, "AGREES", []),
        ("reconcile", {"agrees": False, "disagreements": ["BTC"]}, "DOES NOT AGREE", ["disagrees: BTC"]),
        ("release", {"outcome": "running"}, "running", []),
    ],
)  # fmt: skip
def test_what_commands_for_one_bot_achieved(
    command: str, result: dict[str, Any], verdict: str, lines: list[str]
) -> None:
    document = json.dumps({"command": command, "bot": "alpha", "proven": True, "result": {"bot": "alpha", **result}})
    evidence = Evidence(ID, {"srv1": {f"srv1-{command}-alpha-20261121T090000Z.json": document}})
    assert summary(evidence)["proven"] is not verdict.startswith(("NOT", "DOES NOT"))
    assert section(report(evidence), "## `alpha` on `srv1`") == [
        f"{command}: {verdict}",
        *(f"  {each}" for each in lines),
    ]


def test_an_exchange_that_was_asked_once_and_holds_that_cannot_be_read() -> None:
    judged = {"holdings": [{"coin": "BTC", "total": "0.5", "kind": "position"}], "entries": [], "unknown": ["x"]}
    journal = line(0, "snapshot", "before", answer={"state": None, "holds": {"unreadable": "torn"}}) + line(
        1, "snapshot", "after", answer={"state": "no process", "trades": None, "holds": HELD, "exchange": judged}
    )
    assert section(reported({JOURNAL: journal}), "Before and after `halt1`:") == [
        "state     not known → no process",
        "trades    not known → not known",
        f"holds     UNREADABLE, which counts as level 3: torn → halt 1 ({ID})",
        "exchange  BTC: 0.5 (position) (asked only after it)",
        "exchange  entries: none (asked only after it)",
        'exchange  unknown: 1: ["x"] (asked only after it)',
    ]


@pytest.mark.parametrize(
    ("files", "problem"),
    [
        ({JOURNAL: WHOLE[:-20]}, f"the journal {JOURNAL} ends in the middle of a line"),
        ({JOURNAL: WHOLE + "\0\0\0"}, f"the journal {JOURNAL} ends in the middle of a line"),
        ({JOURNAL: "[1]\n\n" + WHOLE}, f"the journal {JOURNAL} has 1 lines that cannot be read, the first is line 1"),
        ({HALT: halt(row())[:-5]}, f"{HALT} cannot be read as an answer"),
        ({HALT: "[" * 5000}, f"{HALT} cannot be read as an answer"),
        ({"core": "x"}, "core is neither an answer nor a journal"),
    ],
)
def test_what_cannot_be_read_is_named(files: dict[str, str], problem: str) -> None:
    missing = section(reported({HALT: halt(row()), JOURNAL: WHOLE, **files}), "## What is missing")
    assert any(text.startswith(f"paper-1: {problem}") for text in missing), missing


def test_a_journal_without_its_last_newline_is_whole() -> None:
    assert "What is missing" not in reported({HALT: halt(row()), JOURNAL: WHOLE.rstrip("\n")})


def test_a_file_that_was_cut_is_called_so_and_not_torn() -> None:
    text = reported({HALT: halt(row()), JOURNAL: WHOLE[:-20]}, cut={"paper-1": [JOURNAL]})
    assert section(text, "## What is missing") == [
        f"paper-1: {JOURNAL} was too large to be copied whole: its end is missing here"
    ]


def test_a_command_that_went_on_behind_a_torn_line_loses_none_of_its_own() -> None:
    text = reported({JOURNAL: '{"at": "2026-11' + line(0.1, "act", "POST /stopentry", error="Unreachable")})
    assert section(text, "Failed in `halt1`:") == ["08:40:57    0.10 s  bot: POST /stopentry → FAILED: Unreachable"]
    assert any("has 1 lines that cannot be read" in problem for problem in section(text, "## What is missing"))


def test_several_commands_over_several_hosts_in_the_order_of_time() -> None:
    release = json.dumps({"reason": "done", "actor": "ann", "result": {"bot": "alpha", "outcome": "running"}})
    journal = line(0.1, "act", "POST /start", answer={})
    failed = json.dumps({"reason": "try", "actor": "ann", "result": {"not_proven": "its loop has not come round"}})
    flatten = halt(row(bot="alpha", level=2), command="flatten", level=2, began="2026-11-21T08:50:00Z", ended=None)
    other = halt(
        row(bot="beta", proven=False, verdict="NOT PROVEN"), host="b-2", undeclared=[{"pid": 7, "command": "f"}]
    )
    evidence = Evidence(ID, {
        "paper-1": {
            "srv1-release-alpha-20261121T093000Z.json": release,
            "srv1-alpha-release-20261121T093000Z.jsonl": journal,
            "srv1-release-alpha-20261121T090000Z.json": failed,
            "srv1-flatten-alpha.json": flatten,
            HALT: halt(row()),
        },
        "paper-2": {"b-2-halt1-20261121T084102Z.json": other},
    })  # fmt: skip
    text = report(evidence)
    assert [re.sub(r"^\S+  ", "", entry) for entry in section(text, "## Commands")] == [
        "halt level 1 on paper-1, paper-2 by maria@control, 5.0 s: NOT PROVEN; reason: feed is wrong",
        "flatten level 2 on paper-1 by maria@control: proven; reason: feed is wrong",
        "release of alpha on paper-1 by ann: NOT PROVEN; reason: try",
        "release of alpha on paper-1 by ann: proven; reason: done",
    ]
    assert section(text, "## Verdicts")[-1] == "paper-2: UNDECLARED Freqtrade process 7: f"
    assert [entry.split()[:2] for entry in section(text, "## Verdicts")[2:4]] == [
        ["paper-1", "alpha"],
        ["paper-2", "beta"],
    ]
    assert "  its loop has not come round" in section(text, "## `alpha` on `paper-1`")
    assert summary(evidence) == {
        "id": ID,
        "commands": ["halt", "flatten", "release"],
        "level": 2,
        "reason": "feed is wrong",
        "actor": "maria@control",
        "hosts": ["paper-1", "paper-2"],
        "bots": ["paper-1/alpha", "paper-2/beta"],
        "began": "2026-11-21T08:40:57Z",
        "ended": "2026-11-21T09:30:00Z",
        "proven": False,
    }


@pytest.mark.parametrize(
    ("file", "bot", "label"),
    [
        ("srv-1.example.com-alpha-halt1.jsonl", "alpha", "halt1"),
        ("srv-1.example.com-alpha-halt.jsonl", "alpha", "halt"),
        ("srv-1.example.com-alpha-2-flatten.jsonl", "alpha-2", "flatten"),
        ("srv-1.example.com-alpha-release-20261121T090000Z.jsonl", "alpha", "release-20261121T090000Z"),
        ("paper-1-alpha-halt.jsonl", "alpha", "halt"),
        ("odd.jsonl", "odd", "unknown"),
    ],
)
def test_the_name_of_a_journal_says_bot_and_command(file: str, bot: str, label: str) -> None:
    files = {"srv-1.example.com-halt.json": halt(host="srv-1.example.com"), file: WHOLE}
    (journal,) = understand(Evidence(ID, {"paper-1": files})).journals
    assert (journal.bot, journal.label) == (bot, label)


@pytest.mark.parametrize(
    ("file", "bot", "command", "began"),
    [
        ("srv-1-release-alpha-2-20261121T090000Z.json", "alpha-2", "release", "2026-11-21 09:00:00+00:00"),
        ("paper-1-release-alpha-20261121T090000Z.json", "alpha", "release", "2026-11-21 09:00:00+00:00"),
        ("srv-1-halt3-20261121T090000Z.json", "unknown", "halt", "2026-11-21 09:00:00+00:00"),
        ("paper-1-halt3-20261121T090000Z.json", "unknown", "halt", "2026-11-21 09:00:00+00:00"),
        ("srv-1-reconcile-alpha.json", "alpha", "reconcile", "2026-11-21 08:40:57+00:00"),
        ("odd.json", "unknown", "unknown", "2026-11-21 08:40:57+00:00"),
    ],
)
def test_the_name_of_an_answer_says_what_it_does_not(file: str, bot: str, command: str, began: str) -> None:
    (found,) = understand(Evidence(ID, {"paper-1": {file: '{"result": {}}'}})).commands
    assert (found.rows[0]["bot"], found.name, str(found.began)) == (bot, command, began)


# --- text of others

HOSTILE = "x\n```\n## Verdicts\n\n**ALL PROVEN**\r\x1b[2J\u2028`\u202e<img src=x>\ud800"
OURS = re.compile(
    r"# Incident `|## (?:What is missing|Verdicts|Commands)$|## `[^`]*` on `[^`]*`$|\*\*(?:NOT )?ALL PROVEN\*\*$|"
    r"- (?:Commanded|Reason|By|When|Hosts): |(?:Before and after|Done by|Failed in|Asked by) `[^`]*`|```(?:text)?$|$"
)


def judge_lines(text: str) -> None:
    """Outside of code there are only our own lines, and in code neither a backtick nor a control character."""
    inside = False
    assert all(char.isprintable() for char in text.replace("\n", ""))
    for each in text.split("\n"):
        if each in ("```text", "```"):
            assert inside is (each == "```")
            inside = not inside
        elif inside:
            assert "`" not in each
        else:
            assert OURS.match(each), each
            assert each.count("`") % 2 == 0
    assert not inside


def test_nothing_that_others_said_is_a_line_of_the_report() -> None:
    trade = {"trade_id": HOSTILE, "pair": HOSTILE, "amount": HOSTILE, "stake": [HOSTILE], "protection": {"x": HOSTILE}}
    snapshot = {
        "state": HOSTILE, "trades": [trade, HOSTILE], "holds": {"holds": [HOSTILE, {"holder": HOSTILE}]},
        "exchange": {HOSTILE: HOSTILE, "balances": {HOSTILE: {"free": HOSTILE}}, "holdings": [{"coin": HOSTILE}]},
    }  # fmt: skip
    journal = "".join(
        line(0.1, kind, what, to=HOSTILE, **said)
        for kind, what in (("snapshot", "before"), ("snapshot", "after"), ("act", HOSTILE), ("question", HOSTILE),
                           ("note", HOSTILE), (HOSTILE, HOSTILE))
        for said in ({"answer": snapshot}, {"error": HOSTILE})
    )  # fmt: skip
    spoilt = row(
        bot=HOSTILE, mode=HOSTILE, level=HOSTILE, verdict=HOSTILE, detail=[HOSTILE, {"x": HOSTILE}], state=HOSTILE,
        positions=[trade, HOSTILE], acknowledged=[HOSTILE], proven_s=HOSTILE,
    )  # fmt: skip
    document = halt(
        spoilt, command=HOSTILE, reason=HOSTILE, actor=HOSTILE, began=HOSTILE, level=HOSTILE, host=HOSTILE,
        undeclared=[HOSTILE, {"pid": HOSTILE}], incident_error=HOSTILE,
    )  # fmt: skip
    files = {HALT: document, f"{HOSTILE}-{HOSTILE}.jsonl": journal, f"{HOSTILE}.json": "", HOSTILE: HOSTILE}
    text = report(Evidence(HOSTILE, {HOSTILE: files}, {HOSTILE: HOSTILE}, {HOSTILE: [HOSTILE]}))
    judge_lines(text)
    assert text.count("\n## Verdicts\n") == 1
    text.encode()


def test_others_are_shown_and_shortened() -> None:
    assert visible("a`b\n\x1b\u202e") == r"a\x60b\n\x1b\u202e"
    assert visible("x" * 300) == "x" * 200 + "… (300 characters)"
    assert code(" ") == "`(empty)`"
    assert visible({"b": 1, "a": float("nan")}) == '{"a": NaN, "b": 1}'


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
KEYS = (
    "at", "s", "kind", "to", "what", "answer", "error", "took_s", "state", "trades", "holds", "exchange", "bots", "bot",
    "result", "level", "command", "detail", "positions", "began", "ended", "proven", "undeclared",
)  # fmt: skip
DOCUMENT = st.dictionaries(st.sampled_from(KEYS), JSON, max_size=10)


@given(st.lists(st.binary(max_size=60), max_size=8), st.lists(st.booleans(), max_size=8), st.sampled_from(["", "\n"]))
def test_no_bytes_of_a_journal_hide_an_error_or_break_the_report(
    noise: list[bytes], failing: list[bool], end: str
) -> None:
    lines, errors = [], []
    for number, (junk, fails) in enumerate(zip(noise, [*failing, *[True] * len(noise)], strict=False)):
        lines.append(junk.replace(b"\n", b"").decode(errors="replace"))
        if fails:
            errors.append(f"error number {number}.")
            kind = ("question", "act", "snapshot", "note", "else")[number % 5]
            lines.append(line(0.1, kind, "before", error=errors[-1]).rstrip("\n"))
    text = reported({JOURNAL: "\n".join(lines) + end})
    judge_lines(text)
    failed = section(text, "Failed in `halt1`:") if errors else []
    assert [each.partition("FAILED: ")[2] for each in failed] == errors


@given(st.lists(DOCUMENT, max_size=4), DOCUMENT, DOCUMENT)
def test_no_shape_of_what_is_in_the_files_breaks_the_report(
    entries: list[dict[str, Any]], answer: dict[str, Any], inner: dict[str, Any]
) -> None:
    kinds = ("snapshot", "act", "question", "note")
    written = [{"kind": kind, "what": "before", "to": "bot", "answer": inner, **entry}
               for entry in entries for kind in kinds]  # fmt: skip
    files = {
        JOURNAL: "\n".join(json.dumps(entry) for entry in written),
        HALT: json.dumps(answer),
        "srv1-flatten.json": json.dumps({**answer, "bots": [inner, {"bot": "alpha", **inner}]}),
        "srv1-release-alpha.json": json.dumps({"result": inner, "bot": "alpha"}),
    }
    judge_lines(reported(files))
    json.dumps(summary(Evidence(ID, {"paper-1": files})))
