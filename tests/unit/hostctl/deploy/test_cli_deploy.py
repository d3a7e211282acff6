"""The commands of a deploy on the command line: what they understand, what they refuse, and how they end."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from freqops.core.base.errors import NotProven, Refused
from freqops.core.base.mandate import Mandate
from freqops.core.deploy import deploy_lock
from freqops.hostctl import cli, own_session
from freqops.hostctl.backup.before_change import in_a_dump
from freqops.hostctl.deploy import shared_postgres, unchanged
from freqops.hostctl.deploy.deploy import Errand
from freqops.hostctl.deploy.dump_first import DumpFirst
from freqops.hostctl.deploy.switch_order import Switched
from tests.unit.fakes import FakeClock, make_bot

OLD, NEW = "0" * 16, "1" * 16
WELL = Switched("alpha", "running", changed=True, proven=True, release=NEW, former=OLD)
BACK = Switched("alpha", "rolled back", changed=True, proven=True, release=OLD, former=OLD, log=["last words"])


class Cli:
    """Runs the command with everything behind it replaced, and remembers what ran."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self.root, self._capsys = root, capsys
        self.ran: list[Any] = []
        self.sessions = 0
        self.rows = [WELL]
        self.resumed: tuple[list[str], list[str]] = ([], [])
        self.error: Exception | None = None
        make_bot(root)
        monkeypatch.setattr(own_session, "run", self._session)
        monkeypatch.setattr("freqops.hostctl.commands.switch.deploy", self._deploy)
        monkeypatch.setattr("freqops.hostctl.commands.rollback.rollback", self._rollback)
        monkeypatch.setattr("freqops.hostctl.commands.resume_switch.recover", lambda *_: self.resumed)
        monkeypatch.setattr(shared_postgres, "bring", self._bring)
        monkeypatch.setattr(unchanged, "compare", self._compare)
        monkeypatch.setattr(unchanged, "write", lambda *given: self.ran.append(("write", *given)))

    def _session(self, work: Any) -> int:
        self.sessions += 1
        return int(work())

    def _deploy(self, wanted: list[tuple[str, str]], errand: Errand, *_: Any) -> list[Switched]:
        self.ran.append((wanted, errand))
        return self.rows

    def _rollback(self, home: Path, wanted: str | None, errand: Errand, *_: Any) -> Switched:
        self.ran.append((home, wanted, errand))
        if self.error is not None:
            raise self.error
        return self.rows[0]

    def _bring(self, root: Path, *_: Any, reread: bool, first: DumpFirst) -> shared_postgres.Brought:
        self.ran.append((root, reread, first))
        if self.error is not None:
            raise self.error
        return shared_postgres.Brought(changed=True, restarted=[{"bot": "alpha", "outcome": "running"}])

    def _compare(self, *given: Any) -> dict[str, Any]:
        self.ran.append(("compare", *given[:3]))
        return {"same": False, "differences": ["x is gone"]}

    def __call__(self, *arguments: str) -> tuple[int, str]:
        status = cli.main(list(arguments), self.root)
        return status, self._capsys.readouterr().out


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Cli:
    return Cli(tmp_path, monkeypatch, capsys)


def test_a_switch_is_what_it_was_asked_in_a_session_of_its_own(run: Cli) -> None:
    words = ("--reason=why", "--actor=ann@here", "--incident=one", "--deadline=7")
    status, out = run("switch", f"beta={OLD},alpha={NEW}", *words)
    [(wanted, errand)] = run.ran
    assert wanted == [("beta", OLD), ("alpha", NEW)]
    assert errand == Errand(run.root, Mandate("one", "why", "ann@here"), 7.0, first=DumpFirst(in_a_dump))
    assert (status, run.sessions) == (0, 1)
    [row] = json.loads(out)["bots"]
    assert (row["bot"], row["well"], row["release"], row["former"]) == ("alpha", True, NEW, OLD)


def test_what_may_change_for_open_trades_is_said_with_the_command(run: Cli) -> None:
    run("switch", f"alpha={NEW}", "--accept-effective")
    run("switch", f"alpha={NEW}")
    assert [errand.accept_effective for _, errand in run.ran] == [True, False]


def test_a_change_without_a_dump_is_accepted_with_the_command(run: Cli) -> None:
    run("switch", f"alpha={NEW}", "--accept-stale-dump")
    run("postgres", "--accept-stale-dump")
    [(_, errand), (_, _, first)] = run.ran
    assert errand.first == first == DumpFirst(in_a_dump, accept_stale=True)


def test_one_bot_that_is_not_well_is_not_proven(run: Cli) -> None:
    run.rows = [WELL, BACK]
    status, out = run("switch", f"alpha={NEW}")
    assert (status, [row["well"] for row in json.loads(out)["bots"]]) == (2, [True, False])
    [(_, errand)] = run.ran
    assert (errand.mandate.reason, errand.deadline) == ("deploy", 120.0)
    assert "-deploy-" in errand.mandate.incident


@pytest.mark.parametrize(
    "words",
    [
        ("switch",),
        ("switch", "alpha"),
        ("switch", f"alpha={NEW},alpha={OLD}"),
        ("switch", "alpha=../../conf"),
        ("switch", f"alpha={NEW}", "--deadline=0"),
        ("switch", f"alpha={NEW}", "--incident=../x"),
        ("switch", f"alpha={NEW}", "--deploy-lock=two words"),
        ("switch", f"alpha={NEW}", "--reason=two\nlines"),
        ("switch", f"alpha={NEW}", "--deploy-lock=one"),
        ("rollback",),
        ("rollback", "ghost"),
        ("rollback", "alpha", "--deadline=x"),
        ("manifest", "--ground=g"),
        ("manifest", "--wanted=w"),
    ],
)
def test_what_is_not_understood_runs_nothing(run: Cli, words: tuple[str, ...]) -> None:
    status, out = run(*words)
    assert (status, run.ran) == (1, [])
    assert json.loads(out)["refused"]


def test_a_deploy_works_only_in_its_turn(run: Cli) -> None:
    deploy_lock.take(run.root, deploy_lock.DeployLock("one", "ann", "here", 1, "1"), FakeClock())
    status, out = run("switch", f"alpha={NEW}", "--deploy-lock=two")
    assert (status, run.ran) == (1, [])
    assert "the deploy lock was lost: ann deploys here" in json.loads(out)["refused"]
    assert run("switch", f"alpha={NEW}", "--deploy-lock=one")[0] == 0
    assert len(run.ran) == 1


def test_a_rollback_names_its_bot_and_perhaps_its_release(run: Cli) -> None:
    assert run("rollback", "alpha", "--reason=why", "--actor=ann", "--incident=one")[0] == 0
    assert run.ran == [(run.root / "bots" / "alpha", None, Errand(run.root, Mandate("one", "why", "ann"), 120.0))]
    run.rows = [BACK]
    status, out = run("rollback", "alpha", f"--release={OLD}")
    assert (status, run.ran[1][1], json.loads(out)["bots"][0]["log"]) == (2, OLD, ["last words"])
    assert run.sessions == 2


@pytest.mark.parametrize(
    ("error", "status", "kind"),
    [(Refused("no former release"), 1, "refused"), (NotProven("the disk is full"), 2, "not_proven")],
)
def test_what_a_rollback_or_postgres_raises_becomes_an_answer(
    run: Cli, error: Exception, status: int, kind: str
) -> None:
    run.error = error
    for words in (("rollback", "alpha"), ("postgres",)):
        ended, out = run(*words)
        assert (ended, json.loads(out)) == (status, {kind: str(error)})


def test_postgres_is_brought_in_a_session_of_its_own(run: Cli) -> None:
    status, out = run("postgres")
    bots = [{"bot": "alpha", "outcome": "running"}]
    assert (status, json.loads(out)) == (0, {"changed": True, "bots": bots, "detail": []})
    run("postgres", "--reread")
    assert run.ran == [(run.root, False, DumpFirst(in_a_dump)), (run.root, True, DumpFirst(in_a_dump))]
    assert run.sessions == 2


def test_a_manifest_is_compared_or_written(run: Cli) -> None:
    status, out = run("manifest", "--wanted=w", "--ground=g")
    assert (status, json.loads(out)) == (0, {"version": 1, "same": False, "differences": ["x is gone"]})
    status, out = run("manifest", "--wanted=w", "--ground=g", "--write")
    assert (status, json.loads(out)) == (0, {"version": 1, "written": True, "swept": []})
    assert run.ran == [("compare", "w", "g", run.root), ("write", "w", "g", run.root)]


def test_the_timer_says_what_it_took_back_and_fails_where_it_could_not(run: Cli) -> None:
    assert run("resume-switch") == (0, "")
    run.resumed = (["alpha: rolled back"], [])
    assert run("resume-switch") == (0, "alpha: rolled back\n")
    assert run("recover") == (0, "alpha: rolled back\n"), "a timer of an older deploy says so"
    run.resumed = (["alpha: rolled back"], ["beta: not proven"])
    status, out = run("resume-switch")
    assert status == 2
    assert out.splitlines()[:2] == ["alpha: rolled back", "beta: not proven"]
    assert json.loads(out.splitlines()[-1]) == {"not_proven": "beta: not proven"}
