"""``freqops-host incidents``: every step by its words, what an operator may, and what a status says of it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from freqops.core.bot.host_command import OPERATOR_COMMANDS
from freqops.core.runs import registry, registry_migration
from freqops.core.runs.run_records import Begun
from freqops.hostctl import cli
from freqops.hostctl.incident import entering
from tests.unit.fakes import FakeClock, make_bot

ACTS = (
    ["open", "--description=x", "--severity=info"],
    ["acknowledge", "one"],
    ["close", "one", "--root-cause=a", "--action=b"],
    ["check"],
)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    registry_migration.prepare(registry.place(tmp_path), FakeClock(), os.getuid())
    make_bot(tmp_path)
    return tmp_path


def said(root: Path, capsys: pytest.CaptureFixture[str], *words: str, operator: bool = False) -> tuple[int, Any]:
    """Return exit status and answer of the command."""
    tool = (OPERATOR_COMMANDS, "freqops-operator") if operator else (cli.COMMANDS, "freqops-host")
    status = cli.main(["incidents", *words, "--json"], root, *tool)
    return status, json.loads(capsys.readouterr().out.splitlines()[-1])


def test_one_lives_by_its_words(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, opened = said(root, capsys, "open", "--description=odd prices", "--severity=error", "--bots=alpha")
    name = opened["incident"]["id"]
    assert (status, opened["incident"]["bots"], opened["incident"]["kind"]) == (0, ["alpha"], "manual")
    assert said(root, capsys, "acknowledge", name)[1]["incident"]["state"] == "acknowledged"
    status, refused = said(root, capsys, "close", name, "--root-cause= ")
    assert (status, "no root cause and no action" in refused["refused"]) == (1, True)
    status, closed = said(root, capsys, "close", name, "--root-cause=a cable", "--action=a new one")
    assert (status, closed["incident"]["state"]) == (0, "closed")
    status, shown = said(root, capsys, "show", name)
    assert [event["step"] for event in shown["events"]] == ["opened", "acknowledged", "closed"]
    assert shown["incident"] == closed["incident"]
    status, checked = said(root, capsys, "check", f"--head={opened['head']}")
    assert (status, checked["proven"], checked["head"]) == (0, True, closed["head"])


def test_one_about_a_run_and_its_run_cite_each_other(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with registry.opened(registry.place(root), write=True, owner=os.getuid()) as present:
        present.begin_run(Begun("r", "backtest", FakeClock().utcnow(), "Mine"))
    words = ("open", "--description=odd profit", "--severity=error")
    status, refused = said(root, capsys, *words, "--run=nobody")
    assert (status, "there is no run nobody on this host" in refused["refused"]) == (1, True)
    assert said(root, capsys, "list")[1]["incidents"] == []
    names = [said(root, capsys, *words, "--run=r", f"--description={what}")[1]["incident"] for what in ("one", "two")]
    assert [each["run_id"] for each in names] == ["r", "r"]
    with registry.opened(registry.place(root), owner=os.getuid()) as present:
        row = present.run("r")
    assert row is not None
    assert row["incident_id"] == names[0]["id"], "the first one stays"
    assert said(root, capsys, "check")[1]["proven"]


def test_people_get_a_table(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["incidents", "list"], root) == 0
    assert capsys.readouterr().out == "no incident\n"
    said(root, capsys, "open", "--description=odd prices", "--severity=error")
    for words in (["list"], ["list", "--state=open", "--since=2020-01-01T00:00:00Z", "--severity=warning"]):
        assert cli.main(["incidents", *words], root) == 0
        assert "odd prices" in capsys.readouterr().out
    assert cli.main(["incidents", "list", "--kind=halt"], root) == 0
    assert capsys.readouterr().out == "no incident\n"


def test_a_check_that_looks_is_not_proven_while_there_is_something_to_mend(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = root / "incidents" / "one"
    place.mkdir(parents=True)
    (place / "x.json").write_text('{"command": "halt", "level": 1}')
    assert said(root, capsys, "check", "--look")[0] == 2
    status, mended = said(root, capsys, "check")
    assert (status, mended["changed"], len(mended["mended"])) == (0, True, 1)


@pytest.mark.parametrize(
    "words",
    [
        ["list", "--kind=storm"], ["list", "--limit=0"], ["list", "--since=soon"], ["show", "../x"],
        ["open", "--description=x", "--severity=bad"], ["open", "--description=x", "--severity=info", "--bots=nobody"],
        ["check", "--head=1"], [],
    ],
)  # fmt: skip
def test_what_means_nothing_is_refused(root: Path, capsys: pytest.CaptureFixture[str], words: list[str]) -> None:
    status, answer = said(root, capsys, *words)
    assert (status, "refused" in answer) == (1, True)
    assert not (root / "incidents").exists()


@pytest.mark.parametrize("words", ACTS)
def test_an_operator_only_looks(root: Path, capsys: pytest.CaptureFixture[str], words: list[str]) -> None:
    assert said(root, capsys, "list", operator=True)[0] == 0
    status, answer = said(root, capsys, *words, operator=True)
    assert (status, "invalid choice" in answer["refused"]) == (1, True)


def test_a_status_has_the_head_and_what_is_red_opens_one(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["status", "--json"], root) == 2
    first = json.loads(capsys.readouterr().out)
    entering.settle(60)
    assert first["incident_head"] == "0-" + "0" * 64
    rows = said(root, capsys, "list")[1]["incidents"]
    assert {row["kind"] for row in rows} == {"status"}
    assert "alpha" in [bot for row in rows for bot in row["bots"]]
    cli.main(["status", "--json"], root)
    assert int(json.loads(capsys.readouterr().out)["incident_head"].partition("-")[0]) == len(rows)


def test_a_registry_that_cannot_be_read_spoils_no_status(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    registry.place(root).write_text("no database")
    assert cli.main(["status", "--json"], root) == 2
    told = capsys.readouterr()
    answer = json.loads(told.out)
    assert answer["incident_head"] is None
    assert any(note.startswith("the chain of its incidents is not known") for note in answer["host_notes"])
    assert "no incident was opened for what is red" in told.err
