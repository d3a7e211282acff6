"""The page of an incident: what it says, what it says is missing, and that nothing of others is markup in it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from freqops.core.base import page_parts
from freqops.core.base.visible import visible
from freqops.core.incident import page_tables
from freqops.core.incident import timeline as rules
from freqops.core.incident.evidence import Evidence, understand
from freqops.core.incident.page import page
from tests.support.html_page import Element, read

ROOT = Path(__file__).parents[4]
NONE = page_parts.NOTHING
ID = "20261121T084057Z-halt2-d2e2b6"
HALT, JOURNAL = "srv1-halt2-20261121T084107Z.json", "srv1-alpha-halt-20261121T084057Z.jsonl"
ROW: dict[str, Any] = {
    "id": ID, "kind": "halt", "severity": "error", "state": "closed", "cause": "halt 2", "bots": ["alpha", "beta"],
    "description": "halt at level 2: prices look odd", "created_utc": "2026-11-21T08:41:07Z", "events": 3,
    "acknowledged_by": "tom@control", "closed_at": "2026-11-21T10:12:00Z", "closed_by": "maria@control",
    "root_cause": "the feed of the exchange stood still", "action": "the pair is off until the exchange answers",
}  # fmt: skip
EVENTS = [
    {"step": "opened", "at": "2026-11-21T08:41:07Z", "actor": "maria@control", "evidence": HALT,
     "text": "halt at level 2: prices look odd"},
    {"step": "acknowledged", "at": "2026-11-21T08:44:30Z", "actor": "tom@control", "text": "looking", "evidence": ""},
    {"step": "added", "at": "2026-11-21T09:30:12Z", "actor": "", "text": "flatten of alpha", "evidence": "x.json"},
    {"step": "closed", "at": "2026-11-21T10:12:00Z", "actor": "maria@control", "text": "closed", "evidence": ""},
]  # fmt: skip


def row(bot: str, **changed: Any) -> dict[str, Any]:
    return {
        "bot": bot, "mode": "live", "level": 2, "found": "running", "state": "stopped", "acknowledged": True,
        "acknowledged_s": 0.42, "proven": True, "proven_s": 9.2, "verdict": "HALTED, PROVEN", "detail": [],
        "positions": [], **changed,
    }  # fmt: skip


def halt(*rows: dict[str, Any], **changed: Any) -> str:
    return json.dumps({
        "version": 1, "command": "halt", "host": "srv1", "level": 2, "incident": ID, "reason": "prices look odd",
        "actor": "maria@control", "began": "2026-11-21T08:40:57Z", "ended": "2026-11-21T08:41:07Z",
        "bots": list(rows), "undeclared": [], "proven": all(each["proven"] for each in rows), "exit": 0, **changed,
    })  # fmt: skip


def line(s: float, kind: str, what: str, to: str = "bot", **said: Any) -> str:
    minutes, seconds = divmod(57 + s, 60)
    hours, minutes = divmod(40 + int(minutes), 60)
    days, hours = divmod(8 + hours, 24)
    at = f"2026-11-{21 + days}T{hours:02}:{minutes:02}:{seconds:06.3f}Z"
    return json.dumps({"at": at, "s": s, "kind": kind, "to": to, "what": what, **said}) + "\n"


def of_a_halt(bot: str, offset: float = 0.0) -> str:
    """The journal of a bot that is halted at level 2, one second of which its exchange does not answer."""
    steps: list[tuple[float, str, str, str, dict[str, Any]]] = [
        (0.012, "snapshot", "before", bot, {"answer": {"state": "running", "trades": [{"trade_id": 7}], "holds": []}}),
        (0.031, "act", "hold level 2", "disk", {"answer": "written", "took_s": 0.004}),
        (0.055, "question", "GET /show_config", "bot", {"answer": {"state": "running"}, "took_s": 0.018}),
        (0.091, "act", "POST /stopentry", "bot", {"answer": {"status": "paused, no more entries"}, "took_s": 0.012}),
        (0.412, "question", "GET /show_config", "bot", {"answer": {"state": "paused"}, "took_s": 0.011}),
        (0.802, "question", "open orders", "exchange", {"error": "NetworkError: binance GET https://api.binance.com/api/v3/"
                                                       "openOrders timed out", "took_s": 1.001}),
        (2.115, "question", "open orders", "exchange", {"answer": [], "took_s": 0.302}),
        (2.420, "act", "POST /forceexit", "bot", {"answer": {"result": "Created exit orders for all open trades."}}),
        (9.101, "note", "judged", "exchange", {"answer": {"flat": True, "holdings": []}}),
        (9.204, "snapshot", "after", bot, {"answer": {"state": "stopped", "trades": [], "holds": [{"level": 2}]}}),
    ]  # fmt: skip
    return "".join(line(s + offset, kind, what, to=to, **said) for s, kind, what, to, said in steps)


def realistic() -> tuple[Evidence, dict[str, Any], dict[str, str]]:
    """Evidence of a halt over three hosts: one is whole, of one a command was cut short, one was not reached."""
    late = "".join(
        line(2950 + n, "question", "order 88121", "exchange", answer={"status": "open"}, took_s=0.2) for n in range(4)
    )
    broken = of_a_halt("gamma", 0.007)
    stuck = row("gamma", proven=False, proven_s=None, verdict="HALTED, NOT FLAT", detail=["BTC 0.5 is left"])
    files = {
        "paper-1": {
            HALT: halt(row("alpha", detail=["entry order cancelled: trade 7 SOL/USDT"]), row("beta")),
            JOURNAL: of_a_halt("alpha"),
            "srv1-beta-halt-20261121T084057Z.jsonl": of_a_halt("beta", 0.003),
        },
        "live-eu-central-2.example.com": {
            "srv2-halt2-20261121T084107Z.json": halt(stuck, host="srv2"),
            "srv2-gamma-halt-20261121T084057Z.jsonl": broken,
            "srv2-gamma-flatten-20261121T093007Z.jsonl": line(2949.5, "act", "sell 0.5 BTC", "exchange", answer={
                "id": "88121", "status": "open"}) + late + '{"at": "2026-11-21T09:30',
        },
        "paper-2": {},
    }  # fmt: skip
    told = {"paper-1": (ROW, EVENTS), "live-eu-central-2.example.com": (ROW, EVENTS[:1])}
    return Evidence(ID, files, {"live-3": "unreachable: no route to host"}), told, {}


def made(evidence: Evidence, told: Mapping[str, Any] | None = None, unread: dict[str, str] | None = None) -> str:
    return page(understand(evidence), told or {}, unread or {})


def of_files(files: Mapping[str, str], **more: Any) -> Element:
    return read(made(Evidence(ID, {"paper-1": files}, **more)))


def section(top: Element, name: str) -> Element:
    return top.one("section", name)


def items(of: Element) -> list[str]:
    return [each.text for each in of.every("li")]


def rows_of(table: Element, kind: str | None = None) -> list[list[str]]:
    return [[cell.text for cell in each.inside] for each in table.every("tr", kind)]


def entries(top: Element) -> list[list[str]]:
    return rows_of(section(top, "timeline"), "entry")


# --- what it says


def test_the_page_has_the_facts_the_six_fields_and_the_verdicts() -> None:
    top = read(made(*realistic()))
    facts = dict(zip(*([each.text for each in top.every(name)] for name in ("dt", "dd")), strict=True))
    assert facts["Commanded"] == "halt, flatten, level 2"
    assert facts["By"] == "maria@control"
    assert facts["State"] == "closed"
    assert facts["Missing"] == "4 things, see below"
    assert [each.text for each in top.every("p", "verdict")] == ["NOT ALL PROVEN"]
    fields = section(top, "fields")
    assert [each.text for each in fields.every("h3")] == [
        "Symptom", "Time", "Impact", "Log excerpt", "Root cause", "Action",
    ]  # fmt: skip
    assert "the feed of the exchange stood still" in items(fields)
    verdicts = rows_of(section(top, "verdicts"))
    assert verdicts[0] == ["host", "bot", "mode", "command", "level", "acknowledged", "proven", "verdict"]
    assert verdicts[1][:7] == ["live-eu-central-2.example.com", "gamma", "live", "halt", "2", "yes, 0.42\xa0s", "NO"]
    assert verdicts[1][7] == "HALTED, NOT FLATBTC 0.5 is left"
    assert verdicts[2][:2] == ["paper-1", "alpha"]
    assert verdicts[2][6:] == ["yes, 9.2\xa0s", "HALTED, PROVENentry order cancelled: trade 7 SOL/USDT"]


def test_the_life_of_an_incident_says_step_actor_and_time_in_the_order_of_time() -> None:
    evidence, told, _ = realistic()
    life = section(read(made(evidence, told, {"paper-2": "its registry is locked"})), "life")
    steps = [cells[2:6] for cells in rows_of(life)[1:]]
    assert steps == [
        ["live-eu-central-2.example.com", "opened", "maria@control", "halt at level 2: prices look odd"],
        ["paper-1", "opened", "maria@control", "halt at level 2: prices look odd"],
        ["paper-1", "acknowledged", "tom@control", "looking"],
        ["paper-1", "added", "nobody", "flatten of alpha"],
        ["paper-1", "closed", "maria@control", "closed"],
    ]
    assert [each.attributes["datetime"] for each in life.every("time")][2] == "2026-11-21T08:44:30Z"
    assert rows_of(life)[3][:2] == ["2026-11-21 08:44:30", "+3 min 33.0 s"]
    assert items(life) == [
        "paper-2: no row in its registry: its registry is locked",
        "live-3: its registry was not asked, for its files did not come",
    ]


# --- the timeline


def test_the_entries_of_all_hosts_are_merged_by_time() -> None:
    found = entries(read(made(*realistic())))
    assert [cells[2:6] for cells in found[:6]] == [
        [host, bot, "halt", kind]
        for kind in ("snapshot", "act")
        for host, bot in (("paper-1", "alpha"), ("paper-1", "beta"), ("live-eu-central-2.example.com", "gamma"))
    ]
    assert found[3][0] == "08:40:57.031"
    assert found[3][1] == "+0.03 s"
    assert found[3][6:] == ["disk: hold level 2", "written (took 0.00 s)"]
    times = [cells[0] for cells in found]
    assert times == sorted(times)
    assert {cells[5] for cells in found} == {"snapshot", "act", "ask", "note"}


def test_an_entry_without_a_time_stays_behind_the_one_before_it() -> None:
    untimed = json.dumps({"kind": "act", "to": "bot", "what": "second"}) + "\n"
    files = {
        JOURNAL: line(1, "act", "first") + untimed + line(3, "act", "fourth"),
        "srv1-b-halt.jsonl": line(2, "act", "third"),
    }
    found = entries(of_files(files))
    assert [cells[6] for cells in found] == [f"bot: {name}" for name in ("first", "second", "third", "fourth")]
    assert found[1][:2] == ["not known", NONE]


def test_a_long_wait_and_a_new_day_are_said() -> None:
    steps = "".join(line(s, "act", "x") for s in (0, 9.9, 20, 86_400))
    table = section(of_files({JOURNAL: steps}), "timeline").every("table")[0]
    wide = [cells for cells in rows_of(table) if len(cells) == 1]
    assert wide[:-1] == [
        ["2026-11-21"], ["10.10 s without an entry"], ["2026-11-22"], ["24 h 00 min without an entry"],
    ]  # fmt: skip
    assert [each.attributes["scope"] for each in table.every("th") if "colspan" in each.attributes] == ["rowgroup"] * 2


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "0.00 s"), (59.99, "59.99 s"), (59.999, "1 min 00.0 s"), (3599.9, "59 min 59.9 s"),
        (3599.99, "1 h 00 min"), (86_400, "24 h 00 min"), (172_800, "2 d 00 h"), (1e9, "11,574 d 01 h"),
    ],
)  # fmt: skip
def test_durations(seconds: float, said: str) -> None:
    assert page_parts.words(seconds) == said


def test_what_was_before_the_command_has_a_negative_time() -> None:
    early = json.dumps({"at": "2026-11-21T08:40:55Z", "kind": "act", "to": "bot", "what": "x"})
    assert entries(of_files({HALT: halt(row("alpha")), JOURNAL: early}))[0][1] == f"{page_parts.MINUS}2.00 s"


def test_a_clock_that_was_set_back_is_said() -> None:
    top = of_files({JOURNAL: line(5, "act", "later") + line(1, "act", "earlier") + line(2, "act", "last")})
    assert f"CLOCK SET BACK 1 time in paper-1/{JOURNAL}" in items(section(top, "timeline"))
    assert "CLOCK SET BACK" not in made(*realistic())


# --- what is missing


def test_a_host_that_was_not_fetched_is_said_wherever_it_would_stand() -> None:
    top = read(made(*realistic()))
    assert "live-3: could not be fetched: unreachable: no route to host" in items(section(top, "missing"))
    assert ["live-3", NONE, NONE, NONE, NONE, NONE, NONE, "NOT FETCHED: unreachable: no route to host"] in rows_of(
        section(top, "verdicts")
    )
    said = items(section(top, "timeline"))
    assert "NOT FETCHED: live-3: nothing of it is here: unreachable: no route to host" in said
    assert ["paper-2", *[NONE] * 6, "no files of this incident"] in rows_of(section(top, "verdicts"))


def test_a_host_that_was_copied_before_is_said_to_be_old() -> None:
    top = of_files({HALT: halt(row("alpha")), JOURNAL: of_a_halt("alpha")}, unfetched={"paper-1": "no route"})
    assert "NOT FETCHED: paper-1: only what was copied before is here: no route" in items(section(top, "timeline"))
    assert rows_of(section(top, "verdicts"))[-1][-1].startswith("NOT FETCHED: no route; what stands here of it was")


EMPTY = {"srv1-status-20261121T084057Z.json": json.dumps({"host": "srv1"})}  # says how its host calls itself


@pytest.mark.parametrize(
    ("files", "more", "why"),
    [
        ({HALT: halt(row("alpha")), JOURNAL: of_a_halt("alpha")[:-20]}, {},
         "CUT SHORT: its journal ends in the middle of a line"),
        ({**EMPTY, JOURNAL: line(0, "act", "x")}, {},
         "CUT SHORT: it left a journal and no answer; it may have ended before it was through"),
        ({**EMPTY, JOURNAL: line(0, "question", "x")}, {},
         "NO ANSWER: it left a journal and no answer; it was refused, or ended before it acted"),
        ({HALT: halt(row("alpha")), JOURNAL: of_a_halt("alpha")}, {"cut": {"paper-1": [JOURNAL]}},
         "NOT WHOLE: its journal was too large to be copied, the end is missing here"),
    ],
)  # fmt: skip
def test_a_command_that_was_cut_short_is_said_before_the_timeline_and_at_its_end(
    files: dict[str, str], more: Any, why: str
) -> None:
    timeline = section(of_files(files, **more), "timeline")
    assert f"paper-1/{JOURNAL}: {why}" in items(timeline)
    last = timeline.every("tr")[-1]
    assert (last.classes, last.text) == (["cut"], f"halt-20261121T084057Z of alpha on paper-1: {why}")


def test_a_command_without_an_answer_and_a_host_without_any_have_no_verdict() -> None:
    top = of_files({**EMPTY, JOURNAL: line(0, "act", "x")})
    assert rows_of(section(top, "verdicts"))[1:] == [
        ["paper-1", "alpha", NONE, "halt", NONE, NONE, NONE,
         "NO ANSWER, only a journal: it may have ended before it was through"],
        ["paper-1", *[NONE] * 6, "NO ANSWER of a command about a bot is here"],
    ]  # fmt: skip


def test_a_whole_incident_says_that_nothing_is_missing() -> None:
    top = of_files({HALT: halt(row("alpha")), JOURNAL: of_a_halt("alpha")})
    assert section(top, "missing").every("h2")[0].text == "Nothing is missing"
    assert [each.text for each in top.every("p", "verdict")] == ["ALL PROVEN"]
    timeline = section(top, "timeline")
    assert timeline.every("p")[0].text == "10 entries of 1 journal of 1 host, merged by time. All of them are shown."
    assert timeline.every(kind="warned") == timeline.every("tr", "cut") == []


def test_what_runs_outside_of_the_fleet_stands_below_the_verdicts() -> None:
    document = halt(row("alpha"), undeclared=[{"pid": 7, "command": "freqtrade"}], proven=False)
    assert items(section(of_files({HALT: document}), "verdicts")) == [
        "paper-1: UNDECLARED Freqtrade process 7: freqtrade"
    ]


# --- too much


def long_journal(number: int, failing: tuple[int, ...] = (), acting: tuple[int, ...] = ()) -> str:
    lines = []
    for n in range(number):
        said = {"error": f"failure {n}."} if n in failing else {"answer": n}
        lines.append(line(n / 10, "act" if n in acting else "question", f"number {n}", **said))
    return "".join(lines)


def test_a_journal_of_a_hundred_thousand_entries_makes_a_page_that_is_usable() -> None:
    failing, acting = tuple(range(1_500, 90_000, 500)), (50_100,)
    other = "srv1-beta-halt.jsonl"
    inside = line(3_000, "note", "one") + line(9_999, "note", "last")
    files = {JOURNAL: long_journal(100_000, failing, acting), other: inside}
    text = made(Evidence(ID, {"paper-1": files}))
    assert len(text) < 2_000_000
    timeline = section(read(text), "timeline")
    names = [cells[6].removeprefix("bot: ") for cells in rows_of(timeline, "entry")]
    numbers = [int(name.removeprefix("number ")) for name in names if name != "last"]
    half = rules.PLACES // 2
    assert numbers == sorted({*range(half), *range(100_001 - half, 100_000), *failing, *acting})
    left = 100_002 - len(names)
    assert timeline.every("strong")[0].text == (
        f"{left:,} entries LEFT OUT of this page, 0 of them FAILED. Shown are the first and the last, 2,000 together, "
        "of those that failed 5,000 at most, and 1,000 acts."
    )
    assert items(timeline)[-2:] == [f"{left - 1:,} of them in paper-1/{JOURNAL}", f"1 of them in paper-1/{other}"]
    assert "All of them are shown" not in timeline.text
    marks = [each.text for each in timeline.every("tr", "between")]
    assert marks[0] == f"500 entries LEFT OUT: in paper-1/{JOURNAL} (500)"
    counted = [int(text.split()[0].replace(",", "")) for text in marks]
    assert sum(counted) == left
    assert any(f"paper-1/{other} (1)" in text for text in marks)


def test_failures_that_are_too_many_are_left_out_by_number(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, most in (("PLACES", 2), ("FAILED", 4), ("ACTS", 3)):
        monkeypatch.setattr(rules, name, most)
    files = {JOURNAL: long_journal(40, failing=tuple(range(10, 20)), acting=tuple(range(20, 30)))}
    timeline = section(of_files(files), "timeline")
    assert [cells[6].split()[-1] for cells in rows_of(timeline, "entry")] == [
        str(n) for n in (0, 10, 11, 18, 19, 20, 21, 29, 39)
    ]
    assert "31 entries LEFT OUT of this page, 6 of them FAILED" in timeline.text
    assert f"6 entries LEFT OUT, 6 of them FAILED: in paper-1/{JOURNAL} (6)" in timeline.text


def test_what_is_left_out_in_one_place_says_its_longest_wait_and_at_most_three_files(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(rules, "PLACES", 2)
    files = {f"srv1-b{n}-halt.jsonl": line(10.5 * n, "question", "x") for n in range(7)}
    files[HALT] = halt(*(row(f"b{n}") for n in range(7)))
    (mark, _) = [each.text for each in section(of_files(files), "timeline").every("tr", "between")]
    named = ", ".join(f"paper-1/srv1-b{n}-halt.jsonl (1)" for n in (1, 2, 3))
    assert mark == f"5 entries LEFT OUT: in {named} and 2 more files; at most 10.50 s without an entry"


def test_tables_and_lists_that_are_too_long_say_what_is_left_out_and_who_has_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(page_tables, "ROWS", 4)
    monkeypatch.setattr(page_tables, "DETAILS", 2)
    many = [row(f"bot-{n}", detail=[f"detail {k}" for k in range(5)]) for n in range(10)]
    evidence = Evidence(ID, {"paper-1": {HALT: halt(*many), **{f"odd-{n}": "" for n in range(250)}}})
    top = read(made(evidence, {"paper-1": (ROW, EVENTS * 3)}))
    verdicts = rows_of(section(top, "verdicts"))
    assert [cells[1] for cells in verdicts[1:] if len(cells) > 1] == ["bot-0", "bot-1", "bot-8", "bot-9"]
    assert ["6 more rows LEFT OUT here: see report.md"] in verdicts
    assert items(section(top, "verdicts"))[:3] == [
        "detail 0", "3 more lines LEFT OUT here: see report.md", "detail 4",
    ]  # fmt: skip
    assert ["8 more rows LEFT OUT here: see incident.md"] in rows_of(section(top, "life"))
    missing = items(section(top, "missing"))
    assert len(missing) == page_parts.LINES + 1
    assert "60 more lines LEFT OUT here: see report.md" in missing


# --- text of others

HOSTILES = [
    "<script>alert(1)</script>", "\"onload='x'", "&lt;b&gt;&", "\u202eabc", "x\n</td><h1>y\r", "</style><img src=x>",
    "\x00\x1b[2J\u2028\u200b\ud800", "<" * 100_000, "-->", "]]>", "https://example.com/x",
]  # fmt: skip
LOADS = {"src", "srcset", "href", "action", "data", "style", "background", "poster", "ping", "formaction", "xlink:href"}
ALLOWED = {
    "lang", "charset", "http-equiv", "content", "name", "href", "id", "class", "scope", "colspan", "datetime",
    "data-label", "aria-label", "aria-labelledby",
}  # fmt: skip
OURS = {
    "html", "head", "meta", "title", "style", "body", "header", "h1", "h2", "h3", "p", "code", "dl", "dt", "dd", "nav",
    "ul", "li", "a", "main", "section", "div", "table", "caption", "colgroup", "col", "thead", "tbody", "tr", "th",
    "td", "time", "strong", "em", "span", "footer",
}  # fmt: skip


def judge(text: str) -> Element:
    """Whatever others said, the page is built of our elements alone, loads nothing, and can be read."""
    top = read(text)
    for each in top.every():
        assert each.name in OURS, each
        assert set(each.attributes) <= ALLOWED, each
        assert all(value.startswith("#") for name, value in each.attributes.items() if name in LOADS), each
    (style,) = top.every("style")
    assert not re.search(r"url\(|@import|expression|</|javascript|image-set", style.text)
    assert "<script" not in text.lower()
    assert all(char.isprintable() for char in text.replace("\n", ""))
    assert not re.search(r"\b(?:src|href)\s*=\s*[\"']?\s*https?:", text)
    ids = [each.attributes["id"] for each in top.every() if "id" in each.attributes]
    assert ids == ["missing", "fields", "verdicts", "commands", "life", "timeline"]
    assert [each.attributes["href"] for each in top.every("a")] == [f"#{name}" for name in ids]
    text.encode()
    return top


def hostile_everywhere(hostile: str) -> tuple[Evidence, dict[str, Any], dict[str, str]]:
    """Evidence that says ``hostile`` wherever anything of it reaches the page."""
    snapshot = {"state": hostile, hostile: [hostile]}
    journal = "".join(
        line(0.1, kind, what, to=hostile, **said)
        for kind, what in (("snapshot", "before"), ("act", hostile), ("question", hostile), (hostile, hostile))
        for said in ({"answer": snapshot}, {"answer": hostile}, {"error": hostile}, {"error": {hostile: hostile}})
    ) + json.dumps({"at": hostile, "s": hostile, "took_s": hostile, "kind": hostile, "to": hostile, "what": hostile})
    spoilt = row(
        hostile, mode=hostile, level=hostile, verdict=hostile, acknowledged=hostile, acknowledged_s=hostile,
        proven=hostile, proven_s=hostile, detail=[hostile, {hostile: hostile}], sold=[hostile], left=[hostile],
    )  # fmt: skip
    document = halt(
        spoilt, command=hostile, reason=hostile, actor=hostile, began=hostile, ended=hostile, level=hostile,
        host=hostile, incident=hostile, undeclared=[hostile, {"pid": hostile, "command": hostile}],
        registry_error=hostile, run_by={"account": hostile, "key": hostile, "address": hostile},
    )  # fmt: skip
    files = {HALT: document, f"{hostile}-{hostile}-halt.jsonl": journal, f"{hostile}.json": "", hostile: hostile}
    told = (
        {**dict.fromkeys(ROW, hostile), "bots": [hostile], "events": 1},
        [dict.fromkeys(EVENTS[0], hostile), {**dict.fromkeys(EVENTS[0], hostile), "at": EVENTS[0]["at"]}],
    )
    evidence = Evidence(hostile, {hostile: files, "b": {JOURNAL: line(0, "act", hostile)}}, {hostile: hostile}, {
        hostile: list(files)})  # fmt: skip
    return evidence, {hostile: told, "b": told}, {"c": hostile, hostile + "c": hostile}


@pytest.mark.parametrize("hostile", HOSTILES, ids=range(len(HOSTILES)))
def test_nothing_that_others_said_is_markup(hostile: str) -> None:
    text = made(*hostile_everywhere(hostile))
    top = judge(text)
    assert len(text) < 300_000
    assert len(top.every("h2")) == 6
    assert len(section(top, "timeline").every("tr", "entry")) == 18


@pytest.mark.parametrize("hostile", HOSTILES[:5], ids=range(5))
def test_the_words_of_others_are_all_there_to_be_read(hostile: str) -> None:
    """Shown in full where they are short: the reader of the page reads what was said."""
    top = judge(made(*hostile_everywhere(hostile)))
    shown = visible(hostile)
    for place in ("missing", "fields", "verdicts", "commands", "life", "timeline"):
        assert shown in section(top, place).text, place
    assert all(shown in each.text for each in (top.every("title")[0], top.every("h1")[0], top.every("dl")[0]))


def test_the_policy_of_the_page_lets_nothing_be_loaded() -> None:
    top = judge(made(*realistic()))
    metas = top.every("meta")
    assert metas[0].attributes == {"charset": "utf-8"}
    assert metas[1].attributes == {
        "http-equiv": "Content-Security-Policy",
        "content": "default-src 'none'; style-src 'unsafe-inline'",
    }
    assert "https://api.binance.com" in section(top, "timeline").text


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
KEYS = ("at", "s", "kind", "to", "what", "answer", "error", "took_s", "bots", "bot", "result", "level", "command",
        "detail", "began", "ended", "proven", "undeclared", "verdict", "mode")  # fmt: skip
DOCUMENT = st.dictionaries(st.sampled_from(KEYS), JSON, max_size=10)


@given(st.lists(DOCUMENT, max_size=4), DOCUMENT, DOCUMENT, st.text(max_size=20))
def test_no_shape_of_what_is_in_the_files_breaks_the_page(
    lines: list[dict[str, Any]], answer: dict[str, Any], inner: dict[str, Any], said: str
) -> None:
    files = {
        JOURNAL: "\n".join(json.dumps(each) for each in lines),
        HALT: json.dumps(answer),
        "srv1-flatten.json": json.dumps({**answer, "bots": [inner, {"bot": "alpha", **inner}]}),
        "srv1-release-alpha.json": json.dumps({"result": inner, "bot": said}),
        "x.jsonl": said,
    }
    judge(made(Evidence(ID, {"paper-1": files}), {"paper-1": (ROW, [dict.fromkeys(EVENTS[0], said)])}))


# --- who reads it, and how


def test_headings_are_in_order_and_tables_have_theirs() -> None:
    top = read(made(*realistic()))
    levels = [int(each.name[1]) for each in top.every() if re.fullmatch(r"h\d", each.name)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(later - earlier <= 1 for earlier, later in pairwise(levels))
    tables = top.every("table")
    assert len(tables) == 3
    for table in tables:
        assert table.inside[0].name == "caption"
        assert all(each.attributes["scope"] == "col" for each in table.every("thead")[0].every("th"))
        assert all(each.attributes["scope"] in ("row", "rowgroup") for each in table.every("tbody")[0].every("th"))
        width = len(table.every("thead")[0].every("th"))
        assert all(
            sum(int(cell.attributes.get("colspan", "1")) for cell in each.inside) == width for each in table.every("tr")
        )
    assert top.every("html")[0].attributes == {"lang": "en"}


def test_what_is_coloured_is_said_in_words_too() -> None:
    top = read(made(*realistic()))
    words = ("FAILED", "NOT ", "NO ", "NO", "CUT SHORT")
    marked = [each for each in top.every() if {"bad", "cut"} & set(each.classes)]
    assert len(marked) > 5
    for each in marked:
        assert any(word in each.text for word in words) or each.text.startswith("What is missing"), each.text
    acts = top.every("tr", "act")
    assert all(each.inside[5].text == "act" for each in acts)


def test_every_time_can_be_read_by_a_program() -> None:
    top = read(made(*realistic()))
    times = [each.attributes["datetime"] for each in top.every("time")]
    assert len(times) > 30
    assert all(re.fullmatch(r"\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}:\d{2}(\.\d{3})?Z)?", each) for each in times)


def test_the_style_has_dark_screens_narrow_ones_and_paper() -> None:
    text = made(*realistic())
    for wanted in ("@media (prefers-color-scheme: dark)", "@media screen and (max-width:", "@media print"):
        assert wanted in text
    assert '<meta name="viewport" content="width=device-width, initial-scale=1">' in text


# --- the same bytes


def test_equal_evidence_makes_equal_bytes_in_whatever_order_it_came() -> None:
    evidence, told, _ = realistic()
    unread = {"b": "x", "a": "y"}

    def turned(found: Mapping[str, Any]) -> dict[str, Any]:
        return dict(reversed([*found.items()]))

    files = {host: turned(found) for host, found in turned(evidence.files).items()}
    other = Evidence(ID, files, turned(evidence.unfetched), turned(evidence.cut))
    assert made(evidence, told, unread) == made(other, turned(told), turned(unread))


def test_equal_evidence_makes_equal_bytes_in_every_process() -> None:
    program = "from tests.unit.core.incident import test_page as one; print(one.made(*one.realistic()), end='')"
    texts = {
        subprocess.run(
            [sys.executable, "-c", program], cwd=ROOT, check=True, capture_output=True,
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}", "PYTHONIOENCODING": "utf-8"},
        ).stdout
        for seed in ("1", "2")
    }  # fmt: skip
    assert texts == {made(*realistic()).encode()}
