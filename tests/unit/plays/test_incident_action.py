"""Incidents over a fleet: one table of all hosts, steps that every host is asked for, heads that are kept."""

from __future__ import annotations

import errno
import hashlib
import json
import stat
import tarfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from ansible.playbook.task import Task
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from action_plugins import freqops_incident
from freqops.core.base import durable
from freqops.fleet import fanout
from freqops.plays import connections
from tests.support import html_page
from tests.support.patience import GIVE_UP

ID = "20260102T030405Z-halt1-9f3c21"
HEAD = "3-" + "a" * 64
ROW: dict[str, Any] = {
    "id": ID, "kind": "halt", "severity": "warning", "state": "open", "cause": "halt 1: alpha", "bots": ["alpha"],
    "description": "halt at level 1: feed", "created_utc": "2026-01-02T03:04:05Z", "events": 1, "acknowledged_by": "",
    "closed_at": "", "closed_by": "", "root_cause": "", "action": "",
}  # fmt: skip
LATER = {**ROW, "id": "later", "created_utc": "2026-01-03T00:00:00Z"}
EVENT = {"step": "opened", "at": ROW["created_utc"], "actor": "ann", "text": "feed\n# no heading", "evidence": "x"}
SHOWN = {"incident": ROW, "events": [EVENT]}
NONE = {"refused": f"there is no incident {ID} on this host; 'freqops-host incidents list' has those there are"}
FILES = {"incident": ID, "truncated": [], "files": {"one-halt.json": json.dumps({"command": "halt", "bots": []})}}
WHOLE = {"problems": [], "mended": [], "head": HEAD}
CLOSE: dict[str, Any] = {"root_cause": "a cable", "remedy": "a new one"}


class Fleet:
    """Hosts that say what they are told to say to each command."""

    def __init__(self, patch: pytest.MonkeyPatch, directory: Path) -> None:
        self.patch, self.directory = patch, directory
        self.asked: list[dict[str, list[str]]] = []
        self.shown: list[str] = []

    def run(self, action: str, says: dict[str, Any], *, check: bool = False, **given: Any) -> dict[str, Any]:
        def ask(
            _action: Any, _vars: Any, commands: Any, _patience: Any, _clock: Any = None, arrived: Any = None
        ) -> Any:
            self.asked.append(commands)

            def connect(host: str) -> Any:
                said = says[host]
                if said is None:
                    raise fanout.Unreachable("no route")
                return lambda: (FILES if commands[host][0] == "incident" else said, None)

            hosts: Any = {host: lambda host=host: connect(host) for host in commands}
            return fanout.ask(hosts, GIVE_UP, arrived=arrived or (lambda _answer: None))

        self.patch.setattr(connections, "ask", ask)
        made = freqops_incident.ActionModule.__new__(freqops_incident.ActionModule)
        arguments = {"action": action, "directory": str(self.directory), **given}
        made._task = cast(Task, SimpleNamespace(args=arguments, check_mode=check))
        words = {host: {"freqtrade_bots": [{"name": f"bot-{host}"}]} for host in says}
        return made.run(None, {"hostvars": words, "ansible_play_hosts_all": list(words), "reason": "a test"})


@pytest.fixture
def fleet(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Fleet:
    made = Fleet(monkeypatch, tmp_path / "incidents")
    monkeypatch.setattr(ActionBase, "run", lambda *_: {})
    monkeypatch.setattr(Display, "display", lambda _self, text, *_, **__: made.shown.extend(text.split("\n")))
    return made


def test_a_list_is_one_table_of_all_hosts_the_newest_first(fleet: Fleet) -> None:
    done = fleet.run(
        "list", {"one": {"incidents": [ROW]}, "two": {"incidents": [LATER]}}, kind="halt", since="x", up_to="y"
    )
    assert "failed" not in done, done
    assert [(row["host"], row["id"]) for row in done["incidents"]] == [("one", ID), ("two", "later")]
    assert [line.split()[:2] for line in fleet.shown[3:]] == [["two", "later"], ["one", ID]]
    words = ["incidents", "list", "--json", "--kind=halt", "--since=x", "--until=y"]
    assert fleet.asked == [{"one": words, "two": words}]


@pytest.mark.parametrize(
    "said",
    [None, {"refused": "no"}, {"incidents": [{**ROW, "state": "odd"}]}, {"incidents": [{**ROW, "bots": "x"}]}, {}],
)
def test_a_host_that_does_not_tell_is_no_empty_list(fleet: Fleet, said: Any) -> None:
    done = fleet.run("list", {"one": said, "two": {"incidents": []}})
    assert done["failed"]
    assert done["msg"].startswith("NOT ALL ASKED: one: ")


@pytest.mark.parametrize(
    ("action", "given", "why"),
    [
        ("storm", {}, "not one of"),
        ("list", {"incident": ID}, "incident cannot be given with action=list"),
        ("show", {}, "is not an incident id"),
        ("acknowledge", {"incident": "../x"}, "is not an incident id"),
        ("close", {"incident": ID}, "no root cause and no action"),
        ("close", {"incident": ID, "root_cause": "a cable"}, "there is no action"),
        ("close", {"incident": ID, **CLOSE, "kind": "halt"}, "kind cannot be given"),
        ("open", {"bots": "all"}, "needs a severity"),
        ("open", {"bots": "nobody", "severity": "info"}, "unknown bot"),
    ],
)
def test_what_cannot_be_meant_is_refused_before_a_host_is_asked(
    fleet: Fleet, action: str, given: dict[str, Any], why: str
) -> None:
    done = fleet.run(action, {"one": SHOWN}, **given)
    assert done["failed"]
    assert why in done["msg"]
    assert fleet.asked == []


@pytest.mark.parametrize(
    ("action", "given"),
    [("open", {"severity": "info"}), ("acknowledge", {"incident": ID}), ("close", {"incident": ID, **CLOSE})],
)
def test_a_check_is_never_taken_for_the_deed(fleet: Fleet, action: str, given: dict[str, Any]) -> None:
    done = fleet.run(action, {"one": SHOWN}, check=True, **given)
    assert (done["failed"], done["msg"], fleet.asked) == (True, "NOTHING DONE: this was a check", [])


def test_one_about_a_run_is_opened_where_the_run_is(fleet: Fleet) -> None:
    absent = {"refused": "there is no run r on this host; 'freqops-host runs list' has them"}
    done = fleet.run("open", {"one": SHOWN, "two": absent}, severity="error", run="r")
    assert "failed" not in done, done
    assert (done["changed"], done["absent"]) == (True, ["two"])
    assert all({"--run=r", "--bots="} <= set(words) for words in fleet.asked[0].values())
    done = fleet.run("open", {"one": absent, "two": absent}, severity="error", run="r")
    assert done["failed"]
    assert "no host has that run" in done["msg"]
    assert fleet.run("list", {"one": SHOWN}, run="r")["failed"]


def test_a_step_goes_to_all_hosts_and_one_without_it_is_no_failure(fleet: Fleet) -> None:
    done = fleet.run("close", {"one": SHOWN, "two": NONE}, incident=ID, **CLOSE)
    assert "failed" not in done, done
    assert (done["changed"], done["absent"]) == (True, ["two"])
    assert fleet.asked[0]["one"][3:] != []
    assert {"--root-cause=a cable", "--action=a new one", ID} <= set(fleet.asked[0]["two"])


@pytest.mark.parametrize(
    "says", [{"one": NONE}, {"one": SHOWN, "two": None}, {"one": SHOWN, "two": {"not_proven": "x"}}]
)
def test_a_step_that_not_all_did_is_not_done(fleet: Fleet, says: dict[str, Any]) -> None:
    done = fleet.run("acknowledge", says, incident=ID)
    assert done["failed"]
    assert "ALL DONE" not in fleet.shown


def test_one_that_is_opened_has_one_id_on_all_hosts_and_names_the_bots_of_each(fleet: Fleet) -> None:
    done = fleet.run("open", {"one": SHOWN, "two": SHOWN}, severity="error", bots="all")
    assert "failed" not in done, done
    words = fleet.asked[0]
    assert f"--incident={done['incident']}" in words["one"]
    assert ("--bots=bot-one" in words["one"], "--bots=bot-two" in words["two"]) == (True, True)
    assert "--description=a test" in words["one"]


def test_the_report_in_six_fields_lets_nothing_of_others_pass_for_a_line_of_its_own(fleet: Fleet) -> None:
    done = fleet.run("show", {"one": SHOWN}, incident=ID)
    text = Path(done["six_fields"]).read_text()
    fields = [line for line in text.splitlines() if line.startswith("## ")]
    assert fields == ["## Symptom", "## Time", "## Impact", "## Log excerpt", "## Root cause", "## Action"]
    assert "feed\\n# no heading" in text
    assert "not known yet" in text


def test_the_page_is_written_for_nobody_else_and_shown(fleet: Fleet) -> None:
    done = fleet.run("show", {"one": SHOWN, "two": SHOWN}, incident=ID)
    page = fleet.directory / ID / "report.html"
    assert (done["page"], f"page: {page}" in fleet.shown) == (str(page), True)
    assert stat.S_IMODE(page.stat().st_mode) == 0o600
    top = html_page.read(page.read_text())
    assert [each.text for each in top.every("h1")] == [f"Incident {ID}"]
    assert [[cell.text for cell in each.inside][2:6] for each in top.one("section", "life").every("tr")[1:]] == [
        ["one", "opened", "ann", r"feed\n# no heading"], ["two", "opened", "ann", r"feed\n# no heading"],
    ]  # fmt: skip
    before = page.read_bytes()
    fleet.run("show", {"two": SHOWN, "one": SHOWN}, incident=ID)
    assert page.read_bytes() == before


def test_reports_say_whose_files_did_not_come_now(fleet: Fleet) -> None:
    fleet.run("show", {"one": SHOWN}, incident=ID)
    done = fleet.run("show", {"one": SHOWN, "two": None}, incident=ID)
    assert done["failed"]
    for name in ("page", "six_fields", "report"):
        assert "two: could not be fetched: unreachable: no route" in Path(done[name]).read_text(), name


@pytest.mark.parametrize("action", ["show", "export"])
def test_in_check_mode_no_page_is_written(fleet: Fleet, action: str) -> None:
    done = fleet.run(action, {"one": SHOWN}, check=True, incident=ID)
    assert ("page" in done, fleet.asked, fleet.directory.exists()) == (False, [], False)


@pytest.mark.parametrize("name", ["report.html", "incident.md"])
@pytest.mark.parametrize("full", [True, False])
def test_a_report_that_is_not_there_afterwards_is_a_failure(
    fleet: Fleet, monkeypatch: pytest.MonkeyPatch, name: str, full: bool
) -> None:
    real = durable.write_atomic

    def write(path: Path, data: bytes, *more: Any) -> None:
        if path.name == name and full:
            raise OSError(errno.ENOSPC, "No space left on device")
        real(path, data[:-1] if path.name == name else data, *more)

    monkeypatch.setattr(durable, "write_atomic", write)
    for action in ("show", "export"):
        done = fleet.run(action, {"one": SHOWN}, incident=ID)
        assert done["failed"] is True
        assert "a report was not written: " in done["msg"]
        assert ("No space left" if full else f"{name} was written, and something else was read back") in done["msg"]
        assert ("page" in done, "archive" in done) == (False, False)


def test_an_archive_has_every_file_and_its_hash(fleet: Fleet) -> None:
    done = fleet.run("export", {"one": SHOWN}, incident=ID)
    with tarfile.open(done["archive"]) as packed:
        data = {name: packed.extractfile(name).read() for name in packed.getnames()}  # type: ignore[union-attr]
    sums = data.pop(f"{ID}/SHA256SUMS").decode()
    assert sums == "".join(f"{hashlib.sha256(text).hexdigest()}  {name}\n" for name, text in data.items())
    assert {f"{ID}/one/one-halt.json", f"{ID}/incident.md", f"{ID}/report.md", f"{ID}/report.html"} <= set(data)
    assert data[f"{ID}/report.html"] == Path(done["page"]).read_bytes()


def test_an_archive_that_is_not_there_afterwards_is_none(fleet: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    real = durable.write_atomic

    def write(path: Path, data: bytes, *more: Any) -> None:
        real(path, data[:-1] if path.suffix == ".gz" else data, *more)

    monkeypatch.setattr(durable, "write_atomic", write)
    done = fleet.run("export", {"one": SHOWN}, incident=ID)
    assert done["failed"] is True
    assert "something else was read back" in done["msg"]
    assert "archive" not in done


# --- check


def test_a_check_holds_each_host_to_the_head_that_was_known(fleet: Fleet) -> None:
    assert "failed" not in fleet.run("check", {"one": WHOLE})
    assert fleet.asked[-1]["one"][-1] == "--head=0-" + "0" * 64
    fleet.run("check", {"one": {**WHOLE, "problems": ["cut off"], "head": "1-" + "b" * 64}, "two": WHOLE})
    assert fleet.asked[-1]["one"][-1] == f"--head={HEAD}"
    done = fleet.run("check", {"one": WHOLE, "two": WHOLE})
    assert [fleet.asked[-1][host][-1] for host in ("one", "two")] == [f"--head={HEAD}"] * 2  # of a bad one it is kept
    assert (done["changed"], done["problems"]) == (False, [])


@pytest.mark.parametrize("said", [None, {**WHOLE, "problems": ["cut off"]}, {**WHOLE, "head": "x"}, {}])
def test_a_host_that_is_not_whole_or_does_not_tell_is_wrong(fleet: Fleet, said: Any) -> None:
    done = fleet.run("check", {"one": said})
    assert done["failed"]
    assert "ALL PROVEN" not in fleet.shown


def test_what_was_mended_is_a_change_and_what_would_be_is_a_failure_of_a_look(fleet: Fleet) -> None:
    mended = {**WHOLE, "mended": ["x: its evidence was entered"]}
    done = fleet.run("check", {"one": mended})
    assert (done["changed"], "failed" in done) == (True, False)
    (fleet.directory / "heads.json").unlink()
    looked = fleet.run("check", {"one": mended}, check=True)
    assert (looked["changed"], looked["failed"]) == (False, True)
    assert "--look" in fleet.asked[-1]["one"]
    assert not (fleet.directory / "heads.json").exists()


@pytest.mark.parametrize("text", ["{", "[]", '{"one": 7}', '{"one": "x"}'])
def test_heads_that_cannot_be_read_are_not_taken_for_none(fleet: Fleet, text: str) -> None:
    fleet.directory.mkdir()
    (fleet.directory / "heads.json").write_text(text)
    done = fleet.run("check", {"one": WHOLE})
    assert "cannot be read" in done["msg"]
    assert fleet.asked == []
