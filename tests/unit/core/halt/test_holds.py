"""Holds rise by themselves and fall by one step at a time; what cannot be read is level 3."""

from __future__ import annotations

import contextlib
import json
import sys
from datetime import UTC, datetime, timedelta
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from freqops.core.base import durable
from freqops.core.base.errors import Refused
from freqops.core.halt import holds
from freqops.core.halt.checksum import LENGTH, with_checksum
from freqops.core.halt.holds import Hold, Holds, HoldsUnreadable, parse
from freqops.core.halt.unheld import unheld

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
INCIDENTS = st.text("aZ09_.-", max_size=8).map(lambda text: "x" + text)
LINES = st.text(max_size=30)


def hold(holder: str = "halt", level: int = 1, incident: str = "one", rest: str = "paused") -> Hold:
    return Hold(holder, level, "why", "ann@host", incident, 0, "", rest)


HOLDS = st.builds(
    Hold,
    holder=st.sampled_from(holds.HOLDERS),
    level=st.sampled_from(holds.LEVELS),
    reason=LINES,
    actor=LINES,
    incident=INCIDENTS,
    seq=st.just(0),
    set_at=st.just(""),
    rest=st.sampled_from(holds.TRADER_STATES_AT_REST),
)


@st.composite
def all_holds(draw: st.DrawFn, least: int = 0) -> Holds:
    held = Holds()
    for each in draw(st.lists(HOLDS, min_size=least, max_size=6)):
        held = held.raised(each, NOW)
    return held


def written(held: Holds) -> str:
    return with_checksum(durable.as_json(held.to_json())).decode()


def without_checksum(text: str) -> str:
    return text[LENGTH:]


def former(name: str) -> Any:
    """Return a module of the version before there was a checksum: that of containers which run on."""
    path = Path(__file__).parents[3] / "former" / f"{name}.py.txt"
    loader = SourceFileLoader(f"freqops.core.halt.former_{name}", str(path))
    spec = spec_from_loader(loader.name, loader)
    assert spec is not None
    module = module_from_spec(spec)
    sys.modules[loader.name] = module  # its data classes look there
    loader.exec_module(module)
    return module


HELD = Holds().raised(hold(level=3), NOW).raised(hold("risk", 1, "two"), NOW)
VALID = written(HELD)


@given(all_holds())
def test_what_is_written_is_read(held: Holds) -> None:
    assert parse(written(held)) == held


@given(all_holds(), HOLDS)
def test_a_hold_never_lowers_anything(held: Holds, new: Hold) -> None:
    raised = held.raised(new, NOW)
    assert raised.level == max(held.level, new.level)
    for each in held.holds:
        present = raised.of(each.holder)
        assert present is not None
        assert present.level >= each.level
    assert raised == held or raised.seq == held.seq + 1
    assert raised.raised(new, NOW) == raised


def test_the_same_or_a_lower_level_opens_no_new_incident() -> None:
    held = Holds().raised(hold(level=3, incident="first"), NOW)
    assert held.raised(hold(level=3, incident="second"), NOW) is held
    assert held.raised(hold(level=1, incident="third"), NOW) is held


def test_a_higher_level_takes_the_incident_and_keeps_the_trader_stopped() -> None:
    held = Holds().raised(hold(rest="stopped"), NOW).raised(hold(level=3, incident="worse"), NOW)
    only = held.holds[0]
    assert (only.level, only.incident, only.rest, only.seq) == (3, "worse", "stopped", 2)


def test_a_resume_takes_exactly_one_step() -> None:
    held = Holds().raised(hold(level=3), NOW)
    once = held.resumed("one", NOW, seq=1)
    assert [each.level for each in once.holds] == [1]
    assert once.resumed("one", NOW, seq=2) == Holds(3)


@given(all_holds(least=1), st.data())
def test_a_resume_touches_its_own_hold_alone(held: Holds, data: st.DataObject) -> None:
    target = data.draw(st.sampled_from(held.holds))
    after = held.resumed(target.incident, NOW, holder=target.holder)
    others = {each for each in held.holds if each.holder != target.holder}
    assert others <= set(after.holds)
    left = after.of(target.holder)
    assert (left.level if left else None) == (1 if target.level == 3 else None)
    assert after.level == max((each.level for each in after.holds), default=0)


@pytest.mark.parametrize("order", [("halt", "breaker"), ("breaker", "halt")])
def test_of_two_holds_of_one_incident_that_of_the_breaker_is_meant_last(order: tuple[str, str]) -> None:
    held = Holds()
    for holder in order:
        held = held.raised(hold(holder, 1, "one"), NOW)
    assert [each.holder for each in held.resumed("one", NOW, holder="breaker").holds] == ["halt"]
    once = held.resumed("one", NOW)
    assert [each.holder for each in once.holds] == ["breaker"]
    assert once.resumed("one", NOW).holds == ()
    with pytest.raises(Refused, match="in force: one"):
        once.resumed("one", NOW, holder="halt")


def test_a_resume_refuses_an_unknown_incident_and_names_those_in_force() -> None:
    held = Holds().raised(hold(), NOW)
    with pytest.raises(Refused, match=r"in force: one \(halt, level 1\)"):
        held.resumed("two", NOW)
    with pytest.raises(Refused, match="in force: none"):
        Holds().resumed("one", NOW)


def test_a_resume_refuses_when_something_changed_since() -> None:
    held = Holds().raised(hold(), NOW)
    seen = held.seq
    with pytest.raises(Refused, match="seq 1, now 2"):
        held.raised(hold("risk", 1, "two"), NOW).resumed("one", NOW, seen)


def test_resting_changes_its_own_hold_and_is_idempotent() -> None:
    held = Holds().raised(hold(), NOW)
    stopped = held.resting("halt", "stopped")
    assert (stopped.rest, stopped.level, stopped.seq) == ("stopped", 1, 2)
    assert stopped.resting("halt", "stopped") is stopped
    assert held.resting("risk", "stopped") is held


def test_every_prefix_of_a_file_is_unreadable() -> None:
    assert parse(VALID).level == 3
    for length in range(len(VALID.rstrip())):
        with pytest.raises(HoldsUnreadable):
            parse(VALID[:length])


@given(st.binary(max_size=400))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_random_bytes_are_level_3(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "holds.json"
    path.write_bytes(data)
    assert holds.effective_level(path) == 3


@given(st.integers(0, len(VALID)), st.integers(0, 400), st.binary(max_size=40))
def test_damage_never_lowers_a_level(start: int, length: int, patch: bytes) -> None:
    end = min(len(VALID), start + length)
    damaged = VALID.encode()[:start] + patch + VALID.encode()[end:]
    with contextlib.suppress(HoldsUnreadable, UnicodeDecodeError):
        assert parse(damaged.decode()).level == 3


def test_no_flipped_bit_and_no_other_digit_is_read() -> None:
    data = VALID.encode()
    for place, byte in enumerate(data):
        others = {byte ^ 1 << bit for bit in range(8)} | set(b"0123456789") - {byte}
        for other in others:
            with pytest.raises((HoldsUnreadable, UnicodeDecodeError)):
                parse((data[:place] + bytes([other]) + data[place + 1 :]).decode())


def test_holds_of_an_older_version_are_read_without_a_checksum() -> None:
    assert parse(without_checksum(VALID)) == parse(VALID)
    for spelt in (" " + without_checksum(VALID), VALID[1:], "\n" + VALID):
        with pytest.raises(HoldsUnreadable, match="its checksum is that of another text"):
            parse(spelt)


@given(all_holds())
def test_the_releases_that_run_read_what_is_written_now(held: Holds) -> None:
    before = former("holds")
    assert before.parse(written(held)).to_json() == held.to_json()


@pytest.mark.parametrize("held", [Holds(), Holds(7), HELD])
def test_the_releases_that_run_call_nothing_unheld_that_is_held(tmp_path: Path, held: Holds) -> None:
    path = tmp_path / "holds.json"
    path.write_text(written(held))
    assert not former("unheld").unheld(str(path)), "it asks the rules, which read it"
    path.write_text(without_checksum(written(held)))
    assert former("unheld").unheld(str(path)) == (held.level == 0)
    assert unheld(str(path)) == (held.level == 0)


@pytest.mark.parametrize("level", [1, 3])
def test_an_unknown_holder_is_taken_at_its_level_and_resumed_by_its_own_version(level: int) -> None:
    held = parse(written(Holds().raised(hold("promotion", level), NOW)))
    assert (held.level, held.holds[0].holder) == (level, "promotion")
    with pytest.raises(Refused, match=r"one is a hold of 'promotion', .* resume it with the version that set it"):
        held.resumed("one", NOW)


def test_a_hold_of_the_future_is_named() -> None:
    held = Holds().raised(hold(), NOW)
    assert held.ahead(NOW - timedelta(seconds=60)) == []
    [line] = held.ahead(NOW - timedelta(seconds=61))
    assert "set at 2026-01-02T03:04:05Z, which is later than now (2026-01-02T03:03:04Z) by more than 60 s" in line
    assert Holds(1, (hold(),)).ahead(NOW) == [], "one that does not say when"


@given(st.integers(0, len(VALID) // 64))
def test_a_zeroed_block_is_unreadable(block: int) -> None:
    data = bytearray(VALID.encode())
    data[block * 64 : block * 64 + 64] = bytes(len(data[block * 64 : block * 64 + 64]))
    with pytest.raises(HoldsUnreadable):
        parse(data.decode())


def changed(where: str, value: Any) -> str:
    document = json.loads(VALID)
    target, key = (document, where) if where in document else (document["holds"][0], where)
    if value is KeyError:
        del target[key]
    else:
        target[key] = value
    return json.dumps(document)


WRONG: list[Any] = [None, True, False, 1.0, -1, "1", [], {}, float("nan")]


@pytest.mark.parametrize("key", ["version", "seq", "holds", *Hold.__dataclass_fields__])
def test_wrong_types_and_missing_fields_are_unreadable(key: str) -> None:
    for value in [*WRONG, KeyError]:
        if (key == "holds" and value == []) or (key in ("reason", "actor", "set_at", "incident") and value == "1"):
            continue
        with pytest.raises(HoldsUnreadable):
            parse(changed(key, value))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "[]",
        "3",
        '"level 3"',
        "[" * 60000,
        '{"version": 1, "seq": 0}',
        '{"version": 1, "seq": 0, "holds": [], "more": 1}',
        '{"version": 2, "seq": 0, "holds": []}',
        '{"version": 1, "seq": ' + "9" * 5000 + ', "holds": []}',
        '{"version": 1, "seq": 0, "holds": [null]}',
        changed("holder", ""),
        changed("holder", "No body"),
        changed("holder", "halt\n"),
        changed("level", 2),
        changed("level", 0),
        changed("rest", "running"),
        changed("incident", ""),
        changed("incident", "a/b"),
        changed("incident", "one\n"),
        changed("seq", 0),
        changed("more", 1),
    ],
)
def test_what_no_book_says_is_unreadable(text: str) -> None:
    with pytest.raises(HoldsUnreadable):
        parse(text)


def test_a_holder_with_two_holds_is_unreadable() -> None:
    document = json.loads(VALID)
    document["holds"].append({**document["holds"][0], "level": 1})
    with pytest.raises(HoldsUnreadable, match="two holds"):
        parse(json.dumps(document))


def test_a_file_that_cannot_be_had_is_level_3(tmp_path: Path) -> None:
    path = tmp_path / "holds.json"
    assert holds.effective_level(path) == 3
    path.mkdir()
    assert holds.effective_level(path) == 3
    path.rmdir()
    path.symlink_to("nowhere")
    assert holds.effective_level(path) == 3
    path.unlink()
    path.write_text(VALID + " " * holds.MAX_BYTES)
    assert holds.effective_level(path) == 3
    plain = without_checksum(VALID)
    path.write_text(plain + " " * (holds.MAX_BYTES - len(plain)))
    assert holds.effective_level(path) == 3
    path.write_bytes(b"\xff" + VALID.encode())
    assert holds.effective_level(path) == 3
    path.write_text(written(Holds()))
    assert holds.effective_level(path) == 0
    assert list(tmp_path.iterdir()) == [path]
