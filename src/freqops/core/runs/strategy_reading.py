"""What a container said of strategies, judged as what others wrote: each is read, or is not, with the reason."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..base import kinds
from ..base.kinds import Malformed
from ..base.visible import all_visible, visible
from .run_inputs import CLASS, TIMEFRAME

FILE = re.compile(r"[^/\x00-\x1f\x7f]{1,200}\.py")
MINUTES = re.compile(r"[0-9]{1,9}")
MOST, LONGEST, SHOWN = 1000, 1000, 60
ADDRESS = re.compile(r"0x[0-9a-f]{6,16}")  # in the text of an error: another one each time
TEXTS = kinds.list_of(kinds.text)
NUMBER_OR_NONE = kinds.or_none(kinds.number)


def _roi(value: object) -> bool:
    return isinstance(value, dict) and all(
        isinstance(key, str) and MINUTES.fullmatch(key) and kinds.number(each) for key, each in value.items()
    )


PARAMETER: dict[str, kinds.Kind] = {
    **dict.fromkeys(("space", "name", "type"), kinds.text),
    **dict.fromkeys(("low", "high"), NUMBER_OR_NONE),
    "categories": kinds.or_none(kinds.list_of(kinds.anything)),
    **dict.fromkeys(("default", "value"), kinds.anything),
    **dict.fromkeys(("optimize", "load"), kinds.truth),
}
FACTS: dict[str, kinds.Kind] = {
    "timeframe": lambda value: isinstance(value, str) and TIMEFRAME.fullmatch(value) is not None,
    "informative": kinds.list_of(lambda value: isinstance(value, str) and TIMEFRAME.fullmatch(value) is not None),
    "informative_known": kinds.truth,
    "minimal_roi": _roi,
    "stoploss": kinds.number,
    **dict.fromkeys(
        ("can_short", "trailing_stop", "use_custom_stoploss", "position_adjustment_enable", "entry_gate",
         "parameter_file"), kinds.truth,
    ),
    "trailing_stop_positive": NUMBER_OR_NONE,
    "trailing_stop_positive_offset": NUMBER_OR_NONE,
    "trailing_only_offset_is_reached": kinds.or_none(lambda value: kinds.truth(value) or value == 0),
    "startup_candle_count": kinds.count,
    "max_entry_position_adjustment": kinds.whole,
    "order_types": kinds.flat,
    "protections": kinds.list_of(kinds.object_),
    "parameters": kinds.list_of(kinds.having(**PARAMETER)),
    "callbacks": TEXTS,
    "trading_mode": kinds.text,
}  # fmt: skip
ROW: dict[str, kinds.Kind] = {
    "class": lambda value: isinstance(value, str) and CLASS.fullmatch(value) is not None,
    "file": lambda value: isinstance(value, str) and FILE.fullmatch(value) is not None,
    "why": kinds.text,
    "missing": TEXTS,
    "facts": kinds.or_none(kinds.object_),
}


@dataclass(frozen=True)
class Strategy:
    """A strategy, read or not.

    Attributes:
        name: The name of its class.
        file: The name of its file; empty where there is none.
        why: Why it could not be read; empty where it was.
        missing: The modules that its file imports and that are not there.
        facts: What it is; nothing where it could not be read.
    """

    name: str
    file: str
    why: str = ""
    missing: tuple[str, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_read(self) -> bool:
        """Whether it could be read."""
        return not self.why

    def to_json(self) -> dict[str, Any]:
        """Return it as `strategy` reads it."""
        return {"class": self.name, "file": self.file, "why": self.why, "missing": list(self.missing),
                "facts": dict(self.facts) or None}  # fmt: skip


def strategies(document: object, wanted: Sequence[str] = ()) -> tuple[str, list[Strategy]]:
    """Return which Freqtrade read strategies, and all of them; one that is wanted and not among them is not read.

    Args:
        document: What the container said.
        wanted: The classes that are wanted; none for all.

    Raises:
        Malformed: It is no answer of the program.
    """
    if not isinstance(document, dict):
        raise Malformed("it is no object")
    version = str(kinds.value(document, "freqtrade", kinds.text))
    rows = kinds.value(document, "strategies", kinds.list_of(kinds.object_))
    if len(rows) > MOST:
        raise Malformed(f"it has {len(rows)} strategies")
    found = [strategy(each) for each in rows]
    kinds.refuse_twice([f"{each.file}: {each.name}" for each in found])
    odd = [each.name for each in found if wanted and each.name not in wanted]
    if odd:
        raise Malformed(f"it has {odd[0]}, which is not wanted")
    there = {each.name for each in found}
    absent = [Strategy(name, "", "no file has a class of that name") for name in wanted if name not in there]
    return visible(version, SHOWN), [*found, *absent]


def strategy(document: object) -> Strategy:
    """Return one strategy; one whose facts are none is not read.

    Raises:
        Malformed: It is no row of an answer.
    """
    found = all_visible(kinds.checked(document, ROW, tuple(ROW)))
    why = ADDRESS.sub("0x…", visible(found["why"], LONGEST))
    given = (found["class"], found["file"])
    missing = tuple(visible(each, SHOWN) for each in found["missing"][:MOST])
    if why or found["facts"] is None:
        return Strategy(*given, why or "nothing is said of it", missing)
    try:
        return Strategy(*given, "", missing, kinds.checked(found["facts"], FACTS, tuple(FACTS)))
    except Malformed as error:
        return Strategy(*given, f"what it says of itself is none: {error}", missing)


def each_once(found: Sequence[Strategy]) -> list[Strategy]:
    """Return each class once: of two files that have it the one that Freqtrade takes, which is the one that is read."""
    best: dict[str, Strategy] = {}
    for each in found:
        if each.name not in best or (each.is_read and not best[each.name].is_read):
            best[each.name] = each
    return list(best.values())
