"""Holds rise by themselves and fall by one step at a time; what cannot be read is level 3."""

from __future__ import annotations

import contextlib
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from freqops.core.base.errors import Refused
from freqops.core.halt import holds
from freqops.core.halt.holds import Hold, Holds, HoldsUnreadable, parse

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
    return json.dumps(held.to_json(), indent=2, sort_keys=True) + "\n"


VALID = written(Holds().raised(hold(level=3), NOW).raised(hold("risk", 1, "two"), NOW))


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
    if [each.incident for each in held.holds].count(target.incident) > 1:
        return
    after = held.resumed(target.incident, NOW)
    others = {each for each in held.holds if each.holder != target.holder}
    assert others <= set(after.holds)
    left = after.of(target.holder)
    assert (left.level if left else None) == (1 if target.level == 3 else None)
    assert after.level == max((each.level for each in after.holds), default=0)


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
    """Except to the very digit of a level, which no format without a checksum could notice."""
    end = min(len(VALID), start + length)
    damaged = VALID.encode()[:start] + patch + VALID.encode()[end:]
    digits = [index for index in range(len(VALID)) if VALID[:index].endswith('"level": ')]
    if any(start <= digit < end or (start == digit and patch) for digit in digits):
        return
    with contextlib.suppress(HoldsUnreadable, UnicodeDecodeError):
        assert parse(damaged.decode()).level == 3


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
        changed("holder", "nobody"),
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
    path.write_text(VALID + " " * (holds.MAX_BYTES - len(VALID)))
    assert holds.effective_level(path) == 3
    path.write_bytes(b"\xff" + VALID.encode())
    assert holds.effective_level(path) == 3
    path.write_text(written(Holds()))
    assert holds.effective_level(path) == 0
    assert list(tmp_path.iterdir()) == [path]
