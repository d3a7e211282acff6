"""An incident copied to the control node: what is written, what is not, and what is said to be missing."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ansible.utils.display import Display

from action_plugins import freqops_incident
from freqops.core.base.errors import Refused
from freqops.fleet.fanout import Answer
from freqops.plays import connections, copy_back

ID = "20261121T084057Z-halt1-d2e2b6"
ROW = {"bot": "alpha", "verdict": "HALTED, PROVEN", "proven": True}
HALT = json.dumps({"command": "halt", "level": 1, "reason": "why", "actor": "ann", "bots": [ROW], "proven": True})
LINE = '{"at": "2026-11-21T08:40:57.000Z", "s": 0, "kind": "act", "to": "bot", "what": "POST /stopentry"}\n'
FILES = {"paper-1-halt.json": HALT, "paper-1-alpha-halt.jsonl": LINE}
NONE = {"refused": f"no incident {ID} on this host; it has none at all"}


UNSAFE = ("../x", "/etc/x", "", ".", "..", ".hidden", "a/b", "a\n", "a\0", "a b", "-x", "\u00fc", "x" * 201)


def answer(files: Any = None, **changed: Any) -> dict[str, Any]:
    said = {"version": 1, "command": "incident", "host": "h", "incident": ID, "truncated": []}
    return {**said, "files": FILES if files is None else files, **changed}


class Fleet:
    """Hosts that answer as they are told, or with an error."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.says: dict[str, dict[str, Any] | str] = {}
        self.asked: list[dict[str, list[str]]] = []

    def ask(
        self, _action: Any, _hostvars: Any, commands: dict[str, list[str]], _patience: float, *_: Any
    ) -> list[Answer]:
        self.asked.append(commands)
        said = {host: self.says[host] for host in commands}
        return [
            Answer(host, None, what) if isinstance(what, str) else Answer(host, what, None)
            for host, what in said.items()
        ]

    def fetch(self, **says: dict[str, Any] | str) -> copy_back.Copied:
        self.says = {host.replace("_", "-"): what for host, what in says.items()}
        return copy_back.fetch(None, {}, list(self.says), ID, self.directory)  # type: ignore[arg-type]


@pytest.fixture
def fleet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Fleet:
    fleet = Fleet(tmp_path / "incidents")
    monkeypatch.setattr(connections, "ask", fleet.ask)
    monkeypatch.setattr("os.fsync", lambda _descriptor: None)
    return fleet


def names(directory: Path) -> list[str]:
    return sorted(str(path.relative_to(directory)) for path in directory.rglob("*") if path.is_file())


def test_files_report_and_summary_are_written_for_nobody_else(fleet: Fleet) -> None:
    copied = fleet.fetch(paper_1=answer(), paper_2=NONE)
    home = fleet.directory / ID
    assert fleet.asked == [{host: ["incident", ID, "--json"] for host in ("paper-1", "paper-2")}]
    assert (copied.report, copied.files, copied.absent, copied.failed) == (
        home / "report.md", {"paper-1": 2}, ["paper-2"], [],
    )  # fmt: skip
    written = ["paper-1/paper-1-alpha-halt.jsonl", "paper-1/paper-1-halt.json", "report.md", "summary.json"]
    assert names(home) == written
    assert (home / written[0]).read_text() == LINE
    assert {stat.S_IMODE((home / name).stat().st_mode) for name in written} == {0o600}
    directories = (fleet.directory, home, home / "paper-1")
    assert {stat.S_IMODE(path.stat().st_mode) for path in directories} == {0o700}
    assert "paper-2: has no files of this incident" in copied.report.read_text()
    assert json.loads((home / "summary.json").read_text())["proven"] is True


def test_what_could_not_be_fetched_is_named_and_the_rest_is_kept(fleet: Fleet) -> None:
    fleet.says = {"paper-1": answer(), "paper-2": "unreachable: no route", "paper-3": {"refused": "invalid choice"}}
    path, failed = copy_back.copy_back(None, {}, list(fleet.says), ID, fleet.directory)  # type: ignore[arg-type]
    assert failed == ["paper-2: unreachable: no route", "paper-3: invalid choice"]
    assert "paper-2: could not be fetched: unreachable: no route" in path.read_text()
    assert json.loads((path.parent / "summary.json").read_text())["proven"] is False


def test_what_was_copied_before_stands_in_a_later_report(fleet: Fleet) -> None:
    fleet.fetch(paper_1=answer())
    copied = fleet.fetch(paper_1="unreachable", paper_2=NONE)
    assert copied.failed == ["paper-1: unreachable"]
    text = copied.report.read_text()
    assert "paper-1: could not be fetched: unreachable; its files were copied before" in text
    assert "HALTED, PROVEN" in text


def test_a_cut_file_is_said_and_does_not_replace_more_of_it(fleet: Fleet) -> None:
    name = "paper-1-alpha-halt.jsonl"
    fleet.fetch(paper_1=answer())
    copied = fleet.fetch(paper_1=answer({**FILES, name: LINE[:20]}, truncated=[name, "other"]))
    assert copied.failed == [f"paper-1: {name} is too large to be copied whole"]
    assert (fleet.directory / ID / "paper-1" / name).read_text() == LINE
    fleet.fetch(paper_1=answer({name: LINE * 2}, truncated=[name]))
    assert (fleet.directory / ID / "paper-1" / name).read_text() == LINE * 2


def test_an_incident_that_no_host_has_is_a_failure_and_writes_nothing(fleet: Fleet) -> None:
    copied = fleet.fetch(paper_1=NONE, paper_2=NONE)
    assert len(copied.failed) == 1
    assert copied.failed[0].startswith(f"no host has an incident {ID}; paper-1: no incident {ID}")
    assert not fleet.directory.exists()
    copied = fleet.fetch(paper_1=NONE, paper_2="unreachable")
    assert copied.failed == ["paper-2: unreachable"]
    assert not fleet.directory.exists()


@pytest.mark.parametrize(
    "said",
    [
        *[answer({name: ""}) for name in UNSAFE],
        answer({"a-halt.json": 1}),
        answer({"a-halt.json": None}),
        answer(["a-halt.json"]),
        answer(incident="another"),
        answer(truncated="all"),
        {"version": 1},
        {"not_proven": "Input/output error"},
        {"refused": "[Errno 13] Permission denied; run it as root"},
    ],
)  # fmt: skip
def test_what_is_not_the_files_of_this_incident_is_not_written(fleet: Fleet, said: dict[str, Any]) -> None:
    copied = fleet.fetch(good=answer(), bad=said)
    assert [text.partition(":")[0] for text in copied.failed] == ["bad"]
    assert {name.partition("/")[0] for name in names(fleet.directory / ID)} == {"good", "report.md", "summary.json"}


@pytest.mark.parametrize("host", ["../evil", "a/b", "report.md", "summary.json", ".x", "a b", ".."])
def test_a_host_whose_name_is_no_plain_name_gets_no_directory(fleet: Fleet, host: str) -> None:
    fleet.says = {host: answer()}
    copied = copy_back.fetch(None, {}, [host], ID, fleet.directory)  # type: ignore[arg-type]
    assert "no plain name for a directory" in copied.failed[0]
    assert not fleet.directory.exists()


@pytest.mark.parametrize("incident", ["", "..", "a/b", "x\n", None])
def test_what_is_no_id_is_refused(fleet: Fleet, incident: Any) -> None:
    with pytest.raises(Refused, match="is not an incident id"):
        copy_back.fetch(None, {}, ["paper-1"], incident, fleet.directory)  # type: ignore[arg-type]
    assert fleet.asked == []


def test_a_host_that_has_the_incident_and_no_file_of_it_has_given_none(fleet: Fleet) -> None:
    copied = fleet.fetch(paper_1=answer({}), paper_2=answer())
    assert copied.failed == ["paper-1: it has the incident, and no file of it"]
    assert copied.files == {"paper-2": 2}


@pytest.mark.parametrize("host", [*copy_back.OURS])
def test_no_host_takes_the_place_of_a_file_of_ours(fleet: Fleet, host: str) -> None:
    fleet.says = {host: answer()}
    copied = copy_back.fetch(None, {}, [host], ID, fleet.directory)  # type: ignore[arg-type]
    assert "no plain name for a directory" in copied.failed[0]


def test_a_control_node_without_room_says_so(fleet: Fleet) -> None:
    fleet.directory.write_text("")
    copied = fleet.fetch(paper_1=answer())
    assert len(copied.failed) == 1
    assert "could not be written" in copied.failed[0]


def test_text_that_is_no_unicode_is_written_all_the_same(fleet: Fleet) -> None:
    copied = fleet.fetch(paper_1=answer({"a-b-halt.jsonl": "\ud800"}))
    assert copied.failed == []
    assert (fleet.directory / ID / "paper-1" / "a-b-halt.jsonl").read_text() == "?"


# --- the action plugin


def act(fleet: Fleet, hosts: dict[str, list[str]], *, check: bool = False, **arguments: Any) -> dict[str, Any]:
    task: Any = SimpleNamespace(args=arguments, check_mode=check, async_val=0, diff=False)
    connection: Any = SimpleNamespace(_shell=SimpleNamespace(tmpdir=""))
    nothing: Any = None
    action = freqops_incident.ActionModule(task, connection, nothing, nothing, nothing, nothing)
    variables = {host: {"freqtrade_bots": [{"name": bot} for bot in bots]} for host, bots in hosts.items()}
    result: dict[str, Any] = action.run(None, {"hostvars": variables, "ansible_play_hosts_all": list(hosts)})
    return result


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    lines: list[str] = []
    monkeypatch.setattr(Display, "display", lambda _self, text, *_, **__: lines.append(text))
    return lines


def test_the_action_says_where_the_report_lies(fleet: Fleet, shown: list[str]) -> None:
    fleet.says = {"paper-1": answer(), "paper-2": NONE}
    result = act(
        fleet, {"paper-1": ["alpha"], "paper-2": ["beta"], "no-bots": []}, incident=ID, directory=str(fleet.directory)
    )
    assert (result.get("failed", False), result["changed"]) == (False, False)
    assert result["report"] == str(fleet.directory / ID / "report.md")
    assert (result["files"], result["absent"], result["summary"]["id"]) == ({"paper-1": 2}, ["paper-2"], ID)
    assert shown[0].splitlines()[-5:] == [
        "paper-1  2", "paper-2  no such incident", f"report: {result['report']}",
        f"in six fields: {fleet.directory / ID / 'incident.md'}", f"page: {fleet.directory / ID / 'report.html'}",
    ]  # fmt: skip


def test_the_action_fails_unless_all_of_it_came(fleet: Fleet, shown: list[str]) -> None:
    fleet.says = {"paper-1": "no answer in time"}
    result = act(fleet, {"paper-1": ["alpha"]}, incident=ID, directory=str(fleet.directory))
    assert result["failed"] is True
    assert result["msg"] == "NOT ALL FETCHED: paper-1: no answer in time"
    assert "report" not in result
    assert "NOT FETCHED paper-1: no answer in time" in shown[0]


@pytest.mark.parametrize(
    ("hosts", "arguments", "said"),
    [
        ({"paper-1": ["alpha"]}, {"incident": "../x"}, "is not an incident id"),
        ({"paper-1": ["alpha"]}, {}, "is not an incident id"),
        ({"paper-1": []}, {"incident": ID}, "has a bot"),
    ],
)
def test_the_action_refuses_before_it_asks(
    fleet: Fleet, hosts: dict[str, list[str]], arguments: dict[str, Any], said: str
) -> None:
    for check in (False, True):
        result = act(fleet, hosts, check=check, **arguments)
        assert result["failed"] is True
        assert result["msg"].startswith("REFUSED, nothing ran: ")
        assert said in result["msg"]
    assert fleet.asked == []


def test_a_check_fetches_nothing_and_says_so(fleet: Fleet, shown: list[str]) -> None:
    result = act(fleet, {"paper-1": ["alpha"]}, check=True, incident=ID, directory=str(fleet.directory))
    assert (result.get("failed", False), result["changed"], result["skipped"]) == (False, False, True)
    assert shown == ["NOTHING FETCHED: this was a check"]
    assert fleet.asked == []
    assert not fleet.directory.exists()
