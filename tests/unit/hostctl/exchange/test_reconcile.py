"""reconcile: only for a dead bot; what Freqtrade took in is told, and agreement is what the exchange says."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from decimal import Decimal
from pathlib import Path

import pytest

from freqops.core.base import durable
from freqops.core.base.clock import Clock
from freqops.core.base.errors import NotProven, Refused
from freqops.core.halt import holds
from freqops.hostctl.bot.engine import Engine
from freqops.hostctl.bot.engine_command import EngineError
from freqops.hostctl.exchange import reconcile as reconciling
from freqops.hostctl.exchange.reconcile import Reconciled, reconcile
from freqops.hostctl.exchange.witness import Unanswered
from tests.unit.accounts import filled
from tests.unit.fakes import process
from tests.unit.hostctl.host import Host
from tests.unit.patience import PATIENCE

TRADE = {"trade": 1, "pair": "BTC/USDT", "open": False, "amount": "1"}


@pytest.fixture
def dead(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Host:
    """A live bot, held at level 3 and without a process; records and account agree."""
    host = Host(tmp_path, monkeypatch, mode="live")
    host.processes.clear()
    host.hold(3)
    host.account.buy("1", "1")
    return host


def run(host: Host, incident: str = "one") -> Reconciled:
    return reconcile(host.bot, incident, host.silent, host.clock, host.engine)


# --- refusals


def test_a_paper_bot_has_nothing_to_compare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    host = Host(tmp_path, monkeypatch)
    host.processes.clear()
    host.hold(3)
    with pytest.raises(Refused, match="trades on paper"):
        run(host)
    assert host.engine.ran == []


@pytest.mark.parametrize("level", [0, 1])
def test_below_level_3_it_could_be_started_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, level: int
) -> None:
    host = Host(tmp_path, monkeypatch, mode="live")
    host.processes.clear()
    if level:
        host.hold(level)
    with pytest.raises(Refused, match="not held at level 3"):
        run(host)
    assert (host.engine.ran, host.account.asked) == ([], [])


def test_only_under_the_incident_whose_hold_is_in_force(dead: Host) -> None:
    with pytest.raises(Refused, match=r"no hold of incident 'two' is in force; in force: one \(halt, level 3\)"):
        run(dead, "two")
    dead.bot.holds.write_text("{")
    with pytest.raises(holds.HoldsUnreadable):
        run(dead)
    assert (dead.engine.ran, dead.account.asked) == ([], [])


def test_while_a_process_lives_its_records_are_its_own(dead: Host) -> None:
    dead.processes.append(process(77))
    with pytest.raises(Refused, match="process 77 of alpha lives"):
        run(dead)
    assert dead.engine.ran == []


def test_while_another_command_works_on_it(dead: Host) -> None:
    with durable.locked(dead.home / ".lock", 0, Clock()), pytest.raises(Refused, match="another command"):
        run(dead)
    assert dead.engine.ran == []


# --- what it does


def test_what_freqtrade_took_in_is_told_and_compared(dead: Host) -> None:
    dead.engine.output = (0, f"WARNING: noise\n{json.dumps(TRADE)}\n" + '{"done": true}\n')
    dead.account.coins["BNB"] = Decimal(1)
    result = run(dead)
    assert (result.proven, result.trades, result.disagreements) == (True, [TRADE], [])
    assert result.detail == ["on the exchange: not the bot's: 1 BNB, not declared"]
    assert dead.engine.networks == ["freqops-witness"]
    assert dead.engine.ran[0][-2:] == ["-m", "freqops.witness.update_records"]
    json.dumps(result.to_json())


def test_nothing_is_compared_before_freqtrade_came_to_its_end(dead: Host) -> None:
    dead.account.before = lambda _what: None if dead.engine.ran else pytest.fail("asked too early")
    assert run(dead).proven


@pytest.mark.parametrize("what", ["coins", "fill"])
def test_what_still_differs_is_named(dead: Host, what: str) -> None:
    if what == "coins":
        dead.account.coins["BTC"] = Decimal("0.5")
    else:
        dead.account.fills.append(filled("9", "buy", "1"))
    result = run(dead)
    assert not result.proven
    expected = {
        "coins": "BTC: its records say 1, on its account are 0.5",
        "fill": "a fill that stands in no record: buy 1 BTC/USDT at 100, order 9",
    }
    assert result.disagreements == [expected[what]]


@pytest.mark.parametrize(
    ("status", "output"),
    [
        (1, '{"done": true}\n'),
        (0, ""),
        (0, f"{json.dumps(TRADE)}\n"),
        (137, f"{json.dumps(TRADE)}\nKilled\n"),
        (1, "Traceback: OperationalException"),
    ],
)
def test_a_recovery_that_did_not_end_well_is_not_proven(dead: Host, status: int, output: str) -> None:
    dead.engine.output = (status, output)
    with pytest.raises(NotProven, match="did not bring its records up to date"):
        run(dead)
    assert dead.account.asked == []


def test_its_last_words_are_told_without_secrets(dead: Host) -> None:
    secret = "s" * 30
    (dead.home / "conf" / "secrets.json").write_text(json.dumps({"exchange": {"secret": secret}}))
    dead.engine.output = (1, f"Traceback: the key {secret} is refused")
    with pytest.raises(NotProven, match=r"the key \[secret\] is refused"):
        run(dead)


def test_an_exchange_that_does_not_answer_is_not_proven(dead: Host) -> None:
    dead.account.mute.add("balances")
    with pytest.raises(Unanswered):
        run(dead)


def test_it_looks_once_for_nothing_changes_meanwhile(dead: Host) -> None:
    dead.account.coins["BTC"] = Decimal(0)
    assert not run(dead).proven
    assert dead.account.looks == 1


def test_a_resume_looks_longer(dead: Host) -> None:
    dead.account.coins["BTC"] = Decimal(0)
    with pytest.raises(Refused):
        reconciling.refuse_unless_agreed(dead.bot, dead.silent, dead.clock, dead.engine)
    assert dead.account.looks == reconciling.LOOKS


# --- the container that takes it in


def test_a_recovery_that_hangs_is_ended_and_removed(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = Engine()
    removed: list[str] = []
    monkeypatch.setattr(engine, "remove", removed.append)
    began = time.monotonic()
    with pytest.raises(EngineError, match="x did not end within 0 s"):
        engine.run_container([sys.executable, "-S", "-c", "import time; time.sleep(600)"], "x", 0.2)
    assert time.monotonic() - began < PATIENCE
    assert removed == ["x"]


def test_what_a_container_said_and_how_it_ended() -> None:
    argv = [sys.executable, "-S", "-c", "import sys; print('out'); print('err', file=sys.stderr); sys.exit(3)"]
    status, output = Engine().run_container(argv, "x", 10)
    assert (status, sorted(output.split())) == (3, ["err", "out"])


def test_a_container_is_told_that_there_is_nothing_to_hear() -> None:
    argv = [sys.executable, "-S", "-c", "import sys; print(repr(sys.stdin.read()))"]
    assert Engine().run_container(argv, "x", 10) == (0, "''\n")


def test_a_network_that_is_there_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = Engine()
    asked: list[list[str]] = []

    def run_it(argv: list[str], _timeout: float) -> str:
        asked.append(argv)
        raise EngineError(f"'docker network create': {texts.pop(0)}")

    texts = ["network with name x already exists", "Cannot connect"]
    monkeypatch.setattr(engine, "_run", run_it)
    engine.ensure_network("x")
    with pytest.raises(EngineError, match="Cannot connect"):
        engine.ensure_network("x")
    assert asked[0][:3] == ["docker", "network", "create"]


def test_a_removal_that_fails_is_an_error_of_the_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = Engine()
    monkeypatch.setattr(
        engine, "_popen", lambda _argv: subprocess.Popen(
            ["sh", "-c", "echo no such container; exit 1"], stdout=subprocess.PIPE, text=True, start_new_session=True
        ),
    )  # fmt: skip
    with pytest.raises(EngineError, match="no such container"):
        engine.remove("x")
