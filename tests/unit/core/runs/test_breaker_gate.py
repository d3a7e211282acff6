"""A new slot while the operator breaker is active: refused with its reason, unless for maintenance or overridden."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from freqops.core.base.errors import Refused
from freqops.core.runs import run_gate, slots
from freqops.core.runs.slots import Full
from tests.unit.slot_fields import SlotField, lay_breaker, lay_override

RUNS = [kind for kind in slots.KINDS if kind != "maintenance"]
WRONG = "feed is wrong"


@pytest.fixture
def host(tmp_path: Path) -> SlotField:
    return SlotField(tmp_path)


def refusal(host: SlotField, kind: str = "backtest") -> str:
    """Return why there is no slot, neither to be seen nor to be had."""
    said = []
    for ask in (host.directory.look, host.directory.acquire):
        with pytest.raises(Refused) as refused:
            ask(host.wanted(1, kind))
        said.append(str(refused.value))
    assert host.files() == []
    assert len(set(said)) == 1
    return said[0]


def test_slots_and_gate_know_the_same_kinds() -> None:
    assert slots.KINDS == run_gate.RUNS


@pytest.mark.parametrize("kind", RUNS)
def test_an_active_breaker_gives_no_run_a_slot_and_an_inactive_one_does(host: SlotField, kind: str) -> None:
    lay_breaker(host.root, active=True, reason=WRONG)
    assert refusal(host, kind) == f"circuit_breaker_active: {WRONG}"
    lay_breaker(host.root)
    assert host.acquire(1, kind).remarks == ()


def a_list(path: Path) -> None:
    path.write_text("[]")


def of_everybody(path: Path) -> None:
    path.chmod(0o666)


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (Path.unlink, "it is missing"),
        (a_list, "it is not an object of active, reason and until_iso"),
        (of_everybody, "it can be written by others (mode 0666)"),
    ],
)
def test_a_breaker_that_is_not_there_or_cannot_be_read_is_active(
    host: SlotField, spoil: Callable[[Path], None], said: str
) -> None:
    spoil(lay_breaker(host.root))
    assert refusal(host).startswith(f"circuit_breaker_active: circuit_breaker_parse_error: {said}")


def test_maintenance_is_possible_while_it_is_active(host: SlotField) -> None:
    lay_breaker(host.root, active=True, reason=WRONG)
    assert host.acquire(1, "maintenance").remarks == ()
    lay_breaker(host.root).unlink()
    assert host.directory.look(host.wanted(2, "maintenance", limit=2)).limit == 2


def test_an_override_lets_it_begin_and_says_so_until_it_lapses(host: SlotField) -> None:
    lay_breaker(host.root, active=True, reason=WRONG)
    lay_override(host.root, host.utcnow() + timedelta(minutes=30))
    acquired = host.acquire()
    [remark] = acquired.remarks
    assert remark.startswith(f"an override lets runs begin in spite of circuit_breaker_active: {WRONG} (")
    assert "by ann@desk: data for the report" in remark
    host.directory.release(acquired.token)
    host.sleep(30 * 60)
    assert refusal(host) == f"circuit_breaker_active: {WRONG}"


def test_a_slot_that_is_held_is_had_again_kept_and_given_back(host: SlotField) -> None:
    taken = host.directory.acquire(host.wanted(1), again=True)
    lay_breaker(host.root, active=True, reason=WRONG)
    again = host.directory.acquire(host.wanted(1), again=True)
    assert (again.token, again.is_new) == (taken.token, False)
    host.sleep(100)
    assert host.directory.keep(taken.token).silence(host.boot()) == 0
    assert host.directory.release(taken.token) is True


def test_where_all_are_taken_too_the_breaker_is_named_first(host: SlotField) -> None:
    host.acquire(1)
    with pytest.raises(Full):
        host.acquire(2)
    lay_breaker(host.root, active=True, reason=WRONG)
    with pytest.raises(Refused, match=f"^circuit_breaker_active: {WRONG}$"):
        host.acquire(2)
