"""The command line: what is refused runs nothing; what ran ends with 0 only when all of it is proven."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from freqops.core.base.clock import Clock
from freqops.core.base.errors import NotProven, Refused
from freqops.core.base.mandate import Mandate
from freqops.core.base.next_step import NextStep, RefusedUntil
from freqops.core.bot import crash_loop, processes
from freqops.core.bot.client import FreqtradeClient, Reading, Unreachable
from freqops.core.deploy.container import Container
from freqops.core.halt import holds
from freqops.core.halt.answer import Row
from freqops.core.halt.kill_level import KillLevel
from freqops.hostctl import cli, own_session, short_way
from freqops.hostctl.bot import holds_file, probe
from freqops.hostctl.bot import start_gate as door
from freqops.hostctl.bot import status as looking
from freqops.hostctl.bot.engine import Engine
from freqops.hostctl.bot.engine_command import EngineError, end
from freqops.hostctl.bot.rounds import Said
from freqops.hostctl.bot.start import Started
from freqops.hostctl.exchange.flatten import Flattened
from freqops.hostctl.exchange.reconcile import Reconciled
from freqops.hostctl.halt.order import Order
from freqops.hostctl.halt.resume import Which
from tests.unit.core.bot.test_left_alone import Host
from tests.unit.fakes import START, FakeClock, FakeEngine, StillApi, made_container, make_bot, order, process, trade

Result = Started | Flattened | Reconciled


class Cli:
    """Runs the command with everything behind it replaced, and remembers what ran."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self.root, self._capsys = root, capsys
        self.ran: list[Any] = []
        self.rows: list[Row] = []
        self.found: list[processes.Process] = []
        self.started: Result | Exception = Started("alpha", "running", changed=True, level=0)
        self.reasserted = Said()
        self.host_problems: list[str] = []
        make_bot(root)
        monkeypatch.setattr("freqops.hostctl.commands.halt.halt", self._halt)
        monkeypatch.setattr(own_session, "run", lambda work: work())  # the real one forks
        for name in ("start", "resume", "flatten", "reconcile"):
            monkeypatch.setattr(f"freqops.hostctl.commands.{name}.{name}", self._start)
        rounds = SimpleNamespace(once=lambda: self.reasserted, busy=False)
        monkeypatch.setattr("freqops.hostctl.commands.reassert.Rounds", lambda *_arguments: rounds)
        monkeypatch.setattr("freqops.hostctl.commands.status.host_problems", lambda _clock: self.host_problems)
        monkeypatch.setattr(processes, "scan", lambda *_arguments: self.found)
        monkeypatch.setattr(os, "_exit", self._exit)

    def _halt(self, homes: list[Path], order: Order, *_: Any) -> list[Row]:
        self.ran.append((order, [home.name for home in homes]))
        return self.rows

    def _start(self, *arguments: Any, **options: Any) -> Result:
        self.ran.append((*arguments, *options.values()))
        if isinstance(self.started, Exception):
            raise self.started
        return self.started

    @staticmethod
    def _exit(status: int) -> None:
        raise SystemExit(status)

    def __call__(self, *arguments: str) -> tuple[int, str]:
        try:
            status = cli.main(list(arguments), self.root)
        except SystemExit as end:
            status = int(end.code or 0)
        return status, self._capsys.readouterr().out


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Cli:
    return Cli(tmp_path, monkeypatch, capsys)


def proven(**changed: Any) -> Row:
    row = Row("alpha", 1, "one", "paper", latched=True, raised=True, acknowledged_s=0.1234, proven_s=7.0)
    row.verdict = "HALTED, PROVEN"
    for name, value in changed.items():
        setattr(row, name, value)
    return row


# --- refusals

HALT = ("halt", "--level", "1", "--reason", "why")
RESUME = ("resume", "alpha", "--incident", "one", "--reason", "done")
FLATTEN = ("flatten", *RESUME[1:])
RECONCILE = ("reconcile", *RESUME[1:])


def but(command: tuple[str, ...], option: str, value: str) -> tuple[str, ...]:
    """The command with one option's value changed, or added."""
    if option not in command:
        return (*command, f"{option}={value}")
    position = command.index(option)
    return (*command[:position], f"{option}={value}", *command[position + 2 :])


@pytest.mark.parametrize(
    "level", ["two", "4", "0", "-1", "2.0", "none", "", " 1", "1 ", "01", "1.0", "true", "1\n", "3\n", "¹", "٣", "1,3"]
)
def test_a_level_that_is_not_exactly_one(run: Cli, level: str) -> None:
    status, out = run(*but(HALT, "--level", level))
    assert (status, run.ran) == (1, [])
    assert "allowed: 1 stop entries, 2 flatten, 3 hard stop" in json.loads(out)["refused"]


@pytest.mark.parametrize("level", [1, 2, 3])
def test_every_level_is_understood_and_named_in_its_incident(run: Cli, level: int) -> None:
    run.rows = [proven()]
    status, _ = run(*but(HALT, "--level", str(level)))
    order, names = run.ran[0]
    assert (status, order.level, names) == (0, level, ["alpha"])
    assert f"-halt{level}-" in order.mandate.incident


LONG = "x" * 201


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("halt",),
        ("halt", "--level", "1"),
        ("halt", "--reason", "why"),
        ("stop",),
        (*HALT, "more"),
        (*HALT, "--force"),
        *[but(HALT, "--bots", bots) for bots in ("beta", "alpha,beta", "", ",", "ALL", "all,alpha", "../alpha", "a b")],
        *[but(HALT, "--reason", reason) for reason in ("", " ", "two\nlines", "bell\a", LONG)],
        *[but(HALT, "--actor", actor) for actor in ("", "two\nlines")],
        *[but(HALT, "--deadline", text) for text in ("0", "-1", "", "1.5", "10000", "soon", "1e3", "inf", "٣", "9\n")],
        *[but(HALT, "--incident", name) for name in ("", "a/b", "..", "-x", "one\n", "a b", "x" * 81)],
        ("resume", "alpha", "--reason", "done"),
        ("resume", "alpha", "--incident", "one"),
        ("resume", "--incident", "one", "--reason", "done"),
        ("resume", "beta", *RESUME[2:]),
        but(RESUME, "--reason", ""),
        but(RESUME, "--incident", "../one"),
        but(RESUME, "--seq", "first"),
        ("flatten", "alpha", "--incident", "one"),
        ("flatten", "--incident", "one", "--reason", "done"),
        ("flatten", "all", *FLATTEN[2:]),
        ("flatten", "alpha,beta", *FLATTEN[2:]),
        ("reconcile", "alpha", "--reason", "done"),
        ("reconcile", "beta", *RECONCILE[2:]),
        but(FLATTEN, "--reason", ""),
        but(RECONCILE, "--incident", "../one"),
        but(FLATTEN, "--seq", "4"),
        ("start",),
        ("start", "beta"),
        ("start", "alpha", "beta"),
        ("start", ""),
        ("gate",),
        ("gate", "freqtrade", "trade"),
    ],
    ids=lambda arguments: " ".join(arguments)[:60] or "nothing",
)
def test_what_is_not_understood_is_refused(run: Cli, arguments: tuple[str, ...]) -> None:
    status, out = run(*arguments)
    assert status == 1
    assert list(json.loads(out)) == ["refused"]
    assert len(out.splitlines()) == 1
    assert run.ran == []
    assert holds.effective_level(run.root / "bots" / "alpha" / "conf" / "holds.json") == 0


def test_a_refusal_names_the_way_out_where_there_is_one(run: Cli) -> None:
    run.started = RefusedUntil("not yet", NextStep("again", "one"), NextStep("look"))
    status, out = run(*RESUME)
    assert (status, json.loads(out)) == (1, {
        "refused": "not yet",
        "next_steps": [{"step": "again", "incident": "one"}, {"step": "look", "incident": ""}],
    })  # fmt: skip
    run.started = holds.HoldsUnreadable("torn")
    status, out = run(*FLATTEN)
    assert (status, json.loads(out)["next_steps"]) == (1, [{"step": "halt", "incident": ""}])
    run.started = Refused("never")
    assert json.loads(run(*RESUME)[1]) == {"refused": "never"}


def test_a_host_without_bots_is_refused(run: Cli, tmp_path: Path) -> None:
    run.root = tmp_path / "nowhere"
    status, out = run(*HALT)
    assert (status, run.ran) == (1, [])
    assert "no bots below" in json.loads(out)["refused"]


# --- halt


def test_a_proven_halt_ends_with_0(run: Cli) -> None:
    run.rows = [proven()]
    status, out = run(*HALT, "--bots", "alpha", "--actor", "ann", "--incident", "one", "--deadline", "60", "--json")
    assert status == 0
    assert run.ran == [(Order(KillLevel(1), Mandate("one", "why", "ann"), 60.0), ["alpha"])]
    answer = json.loads(out)
    assert len(out.splitlines()) == 1
    assert (answer["version"], answer["proven"], answer["exit"], answer["incident"]) == (1, True, 0, "one")
    assert answer["bots"][0]["acknowledged_s"] == 0.12
    evidence = next((run.root / "incidents" / "one").glob("*.json"))
    assert json.loads(evidence.read_text())["reason"] == "why"


def test_a_halt_is_a_line_of_the_log_under_its_incident(run: Cli) -> None:
    log = run.root / "user_data/logs/freqops.log"
    log.parent.mkdir(parents=True)
    run.rows = [proven()]
    answer = json.loads(run(*HALT, "--bots", "alpha", "--json")[1])
    [line] = [json.loads(line) for line in log.read_text().splitlines()]
    assert (line["message"], line["correlation_id"]) == ("halt: proven", answer["incident"])


@pytest.mark.parametrize(
    "row",
    [
        proven(proven_s=None),
        proven(latched=False),
        proven(proven_s=None, acknowledged_s=None, verdict="NOT HALTED", mode="unknown"),
    ],
)
def test_a_halt_that_is_not_proven_ends_with_2(run: Cli, row: Row) -> None:
    run.rows = [proven(), row]
    status, out = run(*HALT)
    assert status == 2
    assert out.rstrip().endswith("NOT ALL PROVEN")
    assert "HALTED, PROVEN" in out


def test_an_undeclared_freqtrade_spoils_the_halt_of_all_but_not_of_one(run: Cli) -> None:
    run.rows = [proven(raised=False)]
    run.found = [process(77, None)]
    status, out = run(*HALT)
    assert status == 2
    assert "UNDECLARED Freqtrade process 77" in out
    status, out = run(*HALT, "--bots=alpha")
    assert status == 0
    assert "UNDECLARED Freqtrade process 77" in out
    run.found = [process(77, "alpha")]
    assert run(*HALT)[0] == 0


@pytest.fixture
def foreign(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Host:
    (tmp_path / "outside").mkdir()
    host = Host(tmp_path / "outside")
    monkeypatch.setattr("freqops.hostctl.bot.foreign_freqtrade.Places", lambda: host.places)
    return host


def test_a_freqtrade_that_is_left_alone_spoils_no_halt_and_is_named(run: Cli, foreign: Host) -> None:
    run.rows, run.found = [proven()], [process(77, None)]
    status, out = run(*HALT)
    assert status == 0
    assert f"LEFT ALONE, NOT HALTED: Freqtrade of {foreign.compose} goes on trading (pid 77): adopted on" in out
    assert out.rstrip().endswith("\nALL PROVEN, but for 1 Freqtrade that is left alone")
    status, out = run(*HALT, "--json", "--incident=one")
    [told] = json.loads(out)["undeclared"]
    assert (status, told["left_alone"]["project"]) == (0, str(foreign.compose))
    evidence = next((run.root / "incidents" / "one").glob("*.json"))
    assert json.loads(evidence.read_text())["undeclared"] == [told]


def test_another_one_beside_it_spoils_the_halt(run: Cli, foreign: Host) -> None:
    run.rows, run.found = [proven()], [process(77, None), process(78, None)]
    foreign.process(78, cgroup="0::/user.slice")
    status, out = run(*HALT)
    assert (status, out.splitlines()[-1]) == (2, "NOT ALL PROVEN")
    assert "UNDECLARED Freqtrade process 78" in out


@pytest.mark.parametrize("content", ["{", "", None])
def test_a_broken_list_of_what_is_left_alone_breaks_no_halt(run: Cli, foreign: Host, content: str | None) -> None:
    run.rows, run.found = [proven()], [process(77, None)]
    foreign.places.file.unlink() if content is None else foreign.places.file.write_text(content)
    status, out = run(*HALT)
    assert (status, out.splitlines()[-1]) == (2, "NOT ALL PROVEN")
    assert "UNDECLARED Freqtrade process 77" in out


def test_a_halt_that_raised_nothing_writes_no_incident(run: Cli) -> None:
    run.rows = [proven(raised=False)]
    run(*HALT)
    assert not (run.root / "incidents").exists()


def test_an_incident_that_cannot_be_written_spoils_nothing(run: Cli) -> None:
    (run.root / "incidents").write_text("")
    run.rows = [proven()]
    status, out = run(*HALT, "--json")
    assert status == 0
    assert "not written" in json.loads(out)["incident_error"]


@pytest.mark.parametrize("changed", [{"raised": True}, {"acted": True}])
def test_an_incident_says_which_level_was_commanded(run: Cli, changed: dict[str, Any]) -> None:
    """A second command under the same incident keeps the evidence of the first."""
    run.rows = [proven(**{"raised": False, **changed})]
    run(*HALT, "--incident", "one")
    assert [path.name.split("-")[-2] for path in (run.root / "incidents" / "one").iterdir()] == ["halt1"]


def test_a_halt_goes_into_the_incident_of_every_hold_that_it_is_about(run: Cli) -> None:
    run.rows = [proven(), proven(bot="beta", incident="two", raised=False)]
    run(*HALT, "--incident", "one")
    assert sorted(path.name for path in (run.root / "incidents").iterdir()) == ["one", "two"]


def test_a_halt_is_done_in_a_session_of_its_own(run: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    works: list[Any] = []

    def remember(work: Any) -> int:
        works.append(work)
        return 2

    monkeypatch.setattr(own_session, "run", remember)
    for command in (HALT, RESUME, FLATTEN, RECONCILE):
        assert run(*command)[0] == 2
    assert (len(works), run.ran) == (4, [])
    assert run("start", "alpha")[0] == 0
    assert len(works) == 4


# --- start, release, flatten, reconcile, reassert


def test_how_a_start_ends(run: Cli) -> None:
    assert run("start", "alpha")[0] == 0
    run.started = Started("alpha", "paused", changed=True, level=1)
    assert run("start", "alpha")[0] == 0
    run.started = Started("alpha", "held", changed=False, level=3)
    status, out = run("start", "alpha")
    assert (status, json.loads(out)["outcome"]) == (1, "held")


@pytest.mark.parametrize("command", [("start", "alpha"), RESUME, FLATTEN, RECONCILE])
@pytest.mark.parametrize(
    ("error", "status", "key"),
    [
        (Refused("busy"), 1, "refused"),
        (holds.HoldsUnreadable("torn"), 1, "refused"),
        (PermissionError(13, "Permission denied"), 1, "refused"),
        (NotProven("did not come up"), 2, "not_proven"),
        (EngineError("no answer within 120 s"), 2, "not_proven"),
        (Unreachable("refused"), 2, "not_proven"),
        (OSError(28, "No space left on device"), 2, "not_proven"),
    ],
)
def test_only_what_ran_nothing_is_called_refused(
    run: Cli, command: tuple[str, ...], error: Exception, status: int, key: str
) -> None:
    run.started = error
    ended, out = run(*command)
    if isinstance(error, PermissionError) and command[0] != "start":  # in the middle of what is recorded
        status, key = 2, "not_proven"
    steps = ["next_steps"] if isinstance(error, holds.HoldsUnreadable) else []
    assert (ended, list(json.loads(out))) == (status, [*steps, key])


def test_a_resume_leaves_evidence(run: Cli) -> None:
    status, out = run(*RESUME, "--seq", "4")
    assert status == 0
    _, mandate, *_, which, _check = run.ran[0]
    assert (mandate.incident, mandate.reason, which) == ("one", "done", Which(seq=4))
    assert json.loads(out)["outcome"] == "running"
    evidence = next((run.root / "incidents" / "one").glob("*resume-alpha-*.json"))
    assert json.loads(evidence.read_text())["proven"] is True


def test_the_former_name_of_a_command_is_understood(run: Cli) -> None:
    assert run("release", *RESUME[1:])[0] == 0
    assert len(run.ran) == 1
    assert list((run.root / "incidents" / "one").glob("*resume-alpha-*.json"))


@pytest.mark.parametrize("words", [("--root", "{}", "status"), ("--root={}", "status"), ("status", "--root={}")])
def test_no_command_line_names_another_tree(run: Cli, words: tuple[str, ...]) -> None:
    """Whoever may run the command as root would run files of his own as root."""
    elsewhere = run.root / "mine"
    make_bot(elsewhere)
    status, output = run(*(word.format(elsewhere) for word in words))
    assert status == 1
    assert "refused" in json.loads(output)


@pytest.mark.parametrize(
    ("command", "result", "status"),
    [
        (FLATTEN, Flattened("alpha", proven=True), 0),
        (FLATTEN, Flattened("alpha", left=["1 BTC"]), 2),
        (RECONCILE, Reconciled("alpha", proven=True), 0),
        (RECONCILE, Reconciled("alpha", disagreements=["BTC"]), 2),
    ],
)
def test_what_is_not_flat_or_does_not_agree_ends_with_2(
    run: Cli, command: tuple[str, ...], result: Result, status: int
) -> None:
    run.started = result
    ended, out = run(*command)
    assert (ended, json.loads(out)) == (status, result.to_json())
    evidence = json.loads(next((run.root / "incidents" / "one").glob(f"*{command[0]}-alpha-*.json")).read_text())
    assert (evidence["proven"], evidence["reason"]) == (status == 0, "done")


def test_how_a_re_assertion_ends(run: Cli, stamps: Path) -> None:
    (stamps / "guard.stamp").unlink(missing_ok=True)
    assert run("reassert") == (0, "")
    path = stamps / "reassert.stamp"
    assert path.exists()
    path.unlink()
    run.reasserted = Said(["alpha: paused again"])
    assert run("reassert") == (0, "alpha: paused again\n")
    run.reasserted = Said(failed=["beta: torn"])
    assert run("reassert") == (2, "beta: torn\n")
    assert path.exists()  # it came round; that it failed systemd says
    (stamps / "guard.stamp").touch()
    assert run("reassert") == (0, ""), "the guard is at work"


def test_help_ends_with_0(run: Cli) -> None:
    status, out = run("--help")
    assert status == 0
    assert "freqops-host" in out


# --- status


@pytest.fixture
def look(run: Cli, monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[int, dict[str, Any], str]]:
    engine = FakeEngine()
    engine.present = made_container()
    monkeypatch.setattr("freqops.hostctl.commands.status.Engine", lambda: engine)

    def status(api: StillApi | None = None) -> tuple[int, dict[str, Any], str]:
        monkeypatch.setattr(looking, "client", lambda _bot: api)
        monkeypatch.setattr("freqops.hostctl.commands.status.Clock", lambda: api.clock if api else FakeClock())
        _, text = run("status")
        code, out = run("status", "--json")
        return code, json.loads(out), text

    return status


def test_a_healthy_bot(run: Cli, look: Callable[..., tuple[int, dict[str, Any], str]]) -> None:
    run.found = [process()]
    api = StillApi(FakeClock(), trades=[trade(1, order("stoploss"))])
    status, answer, text = look(api)
    row = answer["bots"][0]
    assert (status, row["trader"], row["open_trades"], row["unrealised"], row["heartbeat_s"]) == (
        0,
        "running",
        1,
        0.5,
        0.0,
    )
    assert (row["container"], row["level"], row["problems"]) == ("running", 0, [])
    assert text.splitlines()[2].split()[:4] == ["alpha", "paper", "running", "none"]


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"name": "beta"}, "another bot answers on its port: beta"),
        ({"dry_run": False}, "declared paper, but dry_run is False"),
        ({"error": Unreachable("refused")}, "refused"),
    ],
)
def test_a_bot_with_a_problem(
    run: Cli, look: Callable[..., tuple[int, dict[str, Any], str]], change: dict[str, Any], problem: str
) -> None:
    run.found = [process()]
    status, answer, text = look(StillApi(FakeClock(), **change))
    assert (status, answer["bots"][0]["problems"]) == (2, [problem])
    assert f"alpha: {problem}" in text


def test_a_container_that_was_changed_is_a_problem_of_its_bot(
    run: Cli, look: Callable[..., tuple[int, dict[str, Any], str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    run.found = [process()]
    changed = made_container(made={"HostConfig.Privileged": "true"})
    monkeypatch.setattr(FakeEngine, "container", lambda *_: changed)
    status, answer, _ = look(StillApi(FakeClock()))
    why = "freqops-alpha is not as it was made: HostConfig.Privileged is true, not unset; a deploy makes it again"
    assert (status, answer["bots"][0]["problems"]) == (2, [why])
    hold = holds.Hold("halt", 3, "why", "ann", "one", 0, "")
    holds_file.latch(run.root / "bots" / "alpha", hold, FakeClock())
    run.found = []
    assert look()[1]["bots"][0]["problems"] == [], "what is held there is not started as it is"


def test_an_engine_that_does_not_answer_is_a_problem_of_each_bot(
    run: Cli, look: Callable[..., tuple[int, dict[str, Any], str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def silent(*_: Any) -> None:
        raise EngineError("no answer within 10 s")

    run.found = [process()]
    monkeypatch.setattr(FakeEngine, "container", silent)
    assert look(StillApi(FakeClock()))[1]["bots"][0]["problems"] == ["no answer within 10 s"]


def test_a_bot_that_nothing_holds_and_that_does_not_run(
    run: Cli, look: Callable[..., tuple[int, dict[str, Any], str]]
) -> None:
    status, answer, _ = look()
    assert status == 2
    assert answer["bots"][0]["problems"] == ["nothing holds it at level 3 and it does not run"]
    run.found = [processes.Process(9, ("python3", processes.TOOL_IN_CONTAINER, "gate"), "alpha", True, True)]
    assert "started again by itself after 2, 5, 15 minutes" in look()[1]["bots"][0]["problems"][0]


def test_a_host_with_a_problem(run: Cli, look: Callable[..., tuple[int, dict[str, Any], str]]) -> None:
    run.found, run.host_problems = [process()], ["freqops-reassert.timer is masked"]
    status, answer, text = look(StillApi(FakeClock()))
    assert (status, answer["bots"][0]["problems"], answer["host_problems"]) == (2, [], run.host_problems)
    assert "freqops-reassert.timer is masked" in text.splitlines()


def test_a_postgres_that_is_gone_makes_the_status_fail(
    run: Cli, look: Callable[..., tuple[int, dict[str, Any], str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = {"freqops-alpha": made_container()}
    monkeypatch.setattr(FakeEngine, "container", lambda _engine, name: found.get(name))
    run.found = [process()]
    assert look(StillApi(FakeClock()))[0] == 0
    home = run.root / "bots" / "alpha"
    (home / "conf" / "secrets.json").write_text('{"db_url": "postgresql+psycopg2://a"}')
    status, answer, text = look(StillApi(FakeClock()))
    assert (status, answer["bots"][0]["problems"]) == (2, [])
    assert answer["host_problems"][-1].startswith("freqops-postgres is gone: no database of alpha answers; ")
    assert answer["host_problems"][-1] in text.splitlines()


def test_held_bots_show_by_whom(run: Cli, look: Callable[..., tuple[int, dict[str, Any], str]]) -> None:
    hold = holds.Hold("halt", 3, "why", "ann", "one", 0, "")
    holds_file.latch(run.root / "bots" / "alpha", hold, FakeClock())
    status, answer, text = look()
    assert (status, answer["bots"][0]["trader"], answer["bots"][0]["level"]) == (0, "no process", 3)
    assert "halt 3 (one)" in text
    (run.root / "bots" / "alpha" / "conf" / "holds.json").write_text("")
    status, answer, text = look()
    assert "holds_unreadable" in answer["bots"][0]
    assert "UNREADABLE: level 3" in text
    assert status == 2
    assert "a halt at that level, or the next deploy, replaces them" in answer["bots"][0]["problems"][0]


def test_a_hold_of_the_future_is_a_problem_with_a_name(
    run: Cli, look: Callable[..., tuple[int, dict[str, Any], str]]
) -> None:
    clock = FakeClock()
    clock.ahead = 86400
    holds_file.latch(run.root / "bots" / "alpha", holds.Hold("halt", 3, "why", "ann", "one", 0, ""), clock)
    status, answer, _ = look()
    assert (status, answer["bots"][0]["level"]) == (2, 3)
    assert "its hold of one was set at 2026-01-03T03:04:05Z" in answer["bots"][0]["problems"][0]


def test_spoilt_declarations_and_undeclared_processes_are_problems(
    run: Cli, look: Callable[..., tuple[int, dict[str, Any], str]]
) -> None:
    (run.root / "bots" / "alpha" / "bot.json").write_text("")
    run.found = [process(77, None)]
    status, answer, text = look()
    assert status == 2
    assert "bot.json" in answer["bots"][0]["problems"][0]
    assert "UNDECLARED Freqtrade process 77" in text


def test_what_is_left_alone_is_a_note_of_the_status(
    run: Cli, look: Callable[..., tuple[int, dict[str, Any], str]], foreign: Host
) -> None:
    run.found = [process(), process(77, None)]
    status, answer, text = look(StillApi(FakeClock()))
    assert (status, answer["host_problems"]) == (0, [])
    assert f"LEFT ALONE: Freqtrade of {foreign.compose} trades" in text
    run.found = [process()]
    status, answer, text = look(StillApi(FakeClock()))
    assert status == 0
    assert f"nothing of {foreign.compose} runs: adopt it or take it out of host_left_alone" in text
    foreign.places.file.write_text("{")
    status, answer, _ = look(StillApi(FakeClock()))
    assert (status, len(answer["host_problems"])) == (2, 1)


# --- inside the container


class Executed(BaseException):
    """The gate became Freqtrade."""


@pytest.fixture
def container(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(door, "CONF", tmp_path / "bots" / "alpha" / "conf")
    monkeypatch.setattr(door, "VAR", tmp_path / "bots" / "alpha" / "var")
    (tmp_path / "comm").write_text("python3\n")
    monkeypatch.setattr(door, "COMM", tmp_path / "comm")
    monkeypatch.setattr(probe, "CONF", tmp_path / "bots" / "alpha" / "conf")

    def execute(file: str, argv: list[str]) -> None:
        raise Executed(file, *argv)

    monkeypatch.setattr(os, "execvp", execute)
    monkeypatch.setattr(signal, "pause", lambda: (_ for _ in ()).throw(SystemExit("waits")))
    monkeypatch.setattr(signal, "signal", lambda _number, _handler: None)
    return make_bot(tmp_path)


def test_an_open_gate_becomes_its_command(container: Path) -> None:
    with pytest.raises(Executed) as executed:
        short_way.main(["gate", "--", "freqtrade", "trade", "--config", "x"])
    assert executed.value.args == ("freqtrade", "freqtrade", "trade", "--config", "x")


@pytest.mark.parametrize("content", ["", "{", None])
def test_a_closed_gate_says_why_and_waits(
    container: Path, capsys: pytest.CaptureFixture[str], content: str | None
) -> None:
    path = container / "conf" / "holds.json"
    path.unlink()
    if content is not None:
        path.write_text(content)
    with pytest.raises(SystemExit, match="waits"):
        short_way.main(["gate", "--", "freqtrade", "trade"])
    assert "Freqtrade is not started: its holds cannot be read" in capsys.readouterr().out


class Clockwork:
    """The seconds since the boot, as a gate sees them; it passes them by sleeping."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now, self.slept = 0.0, list[float]()
        self.meanwhile: Callable[[], object] = list
        monkeypatch.setattr(crash_loop, "present", lambda: crash_loop.Moment("one", self.now))
        monkeypatch.setattr("time.sleep", self.sleep)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds
        self.meanwhile()


@pytest.fixture
def crashed(container: Path, monkeypatch: pytest.MonkeyPatch) -> Clockwork:
    """A container that was started five times, and a gate in it that has the name of what runs it."""
    clockwork = Clockwork(monkeypatch)
    for _ in range(crash_loop.CRASHES):
        with pytest.raises(Executed):
            short_way.main(["gate", "--", "freqtrade", "trade"])
    door.COMM.write_text("python3\n")
    return clockwork


def test_a_crash_loop_closes_the_gate_for_a_time_that_it_says(
    crashed: Clockwork, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(Executed):
        short_way.main(["gate", "--", "freqtrade", "trade"])
    assert crashed.slept == [120.0]
    said = capsys.readouterr().out
    assert "it crashed 5 times in 10 minutes, and is started again by itself after 2, 5, 15 minutes" in said
    assert said.endswith("its time is up: Freqtrade is started again\n")


@pytest.mark.parametrize("level", [1, 3])
def test_a_hold_that_comes_while_it_waits_keeps_it_shut(
    crashed: Clockwork, container: Path, capsys: pytest.CaptureFixture[str], level: int
) -> None:
    """At level 1 it is the state of the next start that has to be at rest."""
    hold = holds.Hold("halt", level, "why", "ann", "one", 0, "")

    def meanwhile() -> None:
        holds_file.latch(container, hold, Clock())
        if level == 1:
            (container / "conf" / "state.json").write_text('{"initial_state": "running"}')

    crashed.meanwhile = meanwhile
    with pytest.raises(SystemExit, match="waits"):
        short_way.main(["gate", "--", "freqtrade", "trade"])
    assert f"Freqtrade is not started: held at level {level}" in capsys.readouterr().out
    assert door.COMM.read_text() == processes.WAITING


def test_a_gate_that_reads_the_holds_is_not_called_one_that_waits(
    crashed: Clockwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A halt that comes right after they were read would be proven, and Freqtrade executed."""
    names: list[str] = []

    def unheld(_path: str) -> bool:
        names.append(door.COMM.read_text())
        return True

    monkeypatch.setattr(door, "unheld", unheld)
    crashed.meanwhile = lambda: names.append(door.COMM.read_text())
    with pytest.raises(Executed):
        short_way.main(["gate", "--", "freqtrade", "trade"])
    assert names == ["python3\n", processes.WAITING, "python3\n"]


def test_a_hold_that_comes_while_the_gate_writes_closes_it(container: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Writing down a start may take long on a bad disk; the holds are read after that."""
    hold = holds.Hold("halt", 3, "why", "ann", "one", 0, "")
    counted = crash_loop.seconds_to_wait

    def slow(*arguments: Any) -> float:
        holds_file.latch(container, hold, Clock())
        return counted(*arguments)

    monkeypatch.setattr(crash_loop, "seconds_to_wait", slow)
    with pytest.raises(SystemExit, match="waits"):
        short_way.main(["gate", "--", "freqtrade", "trade"])


def test_a_waiting_gate_ends_when_told_to() -> None:
    code = (
        "import sys; sys.argv[0] = 'x'; from pathlib import Path; from freqops.hostctl.bot import start_gate\n"
        "start_gate.CONF = start_gate.VAR = Path('/nonexistent'); start_gate.pass_or_wait(['true'])"
    )
    waiting = subprocess.Popen(
        [sys.executable, "-c", code],
        stdout=subprocess.PIPE,
        text=True,
        env={"PYTHONPATH": str(Path(cli.__file__).parents[2])},
    )
    assert waiting.stdout is not None
    assert "Freqtrade is not started" in waiting.stdout.readline()
    waiting.terminate()
    assert waiting.wait(10) == 0
    waiting.stdout.close()


@pytest.mark.parametrize(
    ("reading", "good"),
    [
        (Reading("running", START, "alpha", True), True),
        (Reading("running", START.replace(year=2020), "alpha", True), False),
        (Reading("paused", START.replace(year=2020), "alpha", True), False),
        (Reading("running", None, "alpha", True), True),
        (Reading("stopped", START.replace(year=2020), "alpha", True), True),
        (None, False),
    ],
)
def test_the_probe_judges_the_heartbeat_by_the_state(
    container: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], reading: Any, good: bool
) -> None:
    def read(_self: Any) -> Reading:
        if reading is None:
            raise Unreachable("refused")
        return reading  # type: ignore[no-any-return]

    monkeypatch.setattr(FreqtradeClient, "read", read)
    monkeypatch.setattr(probe, "Clock", FakeClock)
    assert cli.main(["probe"]) == (0 if good else 1)
    (container / "conf" / "secrets.json").unlink()
    assert cli.main(["probe"]) == 1
    capsys.readouterr()


# --- the engine's command line


@pytest.fixture
def docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    def script(text: str) -> None:
        path = tmp_path / "docker"
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)

    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    return script


def test_an_image_that_is_not_there_is_removed_and_one_that_is_used_is_not(docker: Callable[[str], None]) -> None:
    docker("echo 'Error response from daemon: No such image: x' >&2; exit 1")
    Engine().remove_image("x")
    docker("echo 'conflict: unable to remove: container y is using it' >&2; exit 1")
    with pytest.raises(EngineError, match="is using it"):
        Engine().remove_image("x")


def test_what_the_engine_says(docker: Callable[[str], None]) -> None:
    engine = Engine()
    docker("echo 'Error: No such container: x' >&2; exit 1")
    assert engine.container("x") is None
    docker("echo 'Cannot connect to the Docker daemon' >&2; exit 1")
    with pytest.raises(EngineError, match="Cannot connect"):
        engine.container("x")
    assert "no log" in engine.logs("x", 5)[0]
    document = {
        "Id": "i", "Name": "/x", "State": {"Status": "running", "StartedAt": "t"}, "HostConfig": {}, "Mounts": [],
        "Config": {"Image": "m", "Hostname": "i", "Labels": None}, "RestartCount": 2,
        "NetworkSettings": {"Networks": None},
    }  # fmt: skip
    docker(f"echo '{json.dumps(document)}'")
    settings = {"Config.Image": "m", "Mounts": ""}
    for known_as in ("x", "i"):  # by its name, and by its number
        assert engine.container(known_as) == Container("i", "running", "m", "t", 2, "", "", settings)
    docker(f"echo '{json.dumps(document)}'; echo 'Error: No such container: y'; exit 1")
    assert list(engine.containers_called(["x", "y"])) == ["x"]
    with pytest.raises(EngineError, match="No such container: y"):  # and what of the third?
        engine.containers_called(["x", "y", "z"])
    docker("exit 1")
    assert engine.containers_called([]) == {}
    docker('echo "$2" >> "$(dirname "$0")/images"; [ $1 = pull ] || { echo "Error: No such image: m"; exit 1; }')
    engine.bring_image("m")
    docker("[ $1 = image ] && { echo 'Cannot connect to the Docker daemon'; exit 1; }")
    with pytest.raises(EngineError, match="Cannot connect"):
        engine.bring_image("m")
    docker("seq 50")
    assert engine.logs("x", 2) == ["49", "50"]
    docker('echo "$@" > "$(dirname "$0")/asked"')
    engine.compose_up(Path("/x/compose.yml"))
    assert engine.begin_stop("freqops-alpha", 10).wait(10) == 0


def test_an_engine_that_hangs_is_ended_with_its_children(docker: Callable[[str], None]) -> None:
    docker("sleep 60 & sleep 60")
    engine = Engine()
    with pytest.raises(EngineError, match="gave no answer within 0 s"):
        engine._run(["docker", "x"], 0.2)
    asked = engine.begin_stop("x", 1)
    end(asked)
    assert asked.returncode == -signal.SIGKILL
    assert asked.stdout is not None
    assert asked.stdout.read() == ""  # nobody holds the pipe any more
    asked.stdout.close()
    end(asked)
