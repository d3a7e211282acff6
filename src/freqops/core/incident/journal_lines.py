"""The lines of a journal in short: equal ones in a row are one line with a count."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from ..base.markdown import visible
from ..base.visible import compact
from .journal_file import Entry

ANSWER, ERROR, NAME = 160, 400, 80
FEW = 4
LINES = 400


@dataclass
class _Group:
    """Entries that say the same, from ``first`` to ``last``; ``answers`` is how many different things they say."""

    first: Entry
    last: Entry
    count: int = 1
    answers: int = 1

    def add(self, entry: Entry) -> None:
        """Take in an entry that came later."""
        self.last = entry
        self.count += 1


def _outcome(entry: Entry) -> tuple[bool, str]:
    return entry.error is not None, compact(entry.error if entry.error is not None else entry.answer)


def done(entries: Sequence[Entry]) -> list[str]:
    """Return the acts and notes in their order: all that is neither question nor snapshot."""
    groups: list[_Group] = []
    before = None
    for entry in entries:
        if entry.kind in ("question", "snapshot"):
            before = None
            continue
        key = (entry.kind, entry.to, entry.what, _outcome(entry))
        if key == before:
            groups[-1].add(entry)
        else:
            groups.append(_Group(entry, entry))
        before = key
    return [_line(group) for group in groups]


def failed(entries: Iterable[Entry]) -> list[str]:
    """Return every different failure with its count, whatever kind of line it stands in."""
    groups: dict[tuple[Any, ...], _Group] = {}
    for entry in entries:
        if entry.error is None:
            continue
        key = (entry.to, entry.what, _outcome(entry))
        if key in groups:
            groups[key].add(entry)
        else:
            groups[key] = _Group(entry, entry)
    return [_line(group) for group in groups.values()]


def asked(entries: Iterable[Entry], file: str) -> list[str]:
    """Return the questions, each counted as long as its answer stays the same and nothing was done.

    A question whose answer differs each time (a heartbeat) is one line, with its last answer.

    Args:
        entries: The lines of a journal.
        file: The file of the rest, if there are too many.
    """
    lines: list[str] = []
    streams: dict[tuple[str, str], list[_Group]] = {}
    for entry in entries:
        if entry.kind == "act":
            lines += _lines(streams)
            streams = {}
        elif entry.kind == "question":
            _asked_again(streams.setdefault((entry.to, entry.what), []), entry)
    lines += _lines(streams)
    if len(lines) > LINES:
        return [*lines[:LINES], f"… {len(lines) - LINES} more such lines; all of them are in {visible(file)}"]
    return lines


def _asked_again(stream: list[_Group], entry: Entry) -> None:
    if stream and _outcome(stream[-1].last) == _outcome(entry):
        stream[-1].add(entry)
    else:
        stream.append(_Group(entry, entry))


def _lines(streams: dict[tuple[str, str], list[_Group]]) -> list[str]:
    groups = [group for stream in streams.values() for group in (stream if len(stream) <= FEW else [_merged(stream)])]
    groups.sort(key=lambda group: group.first.number)
    return [_line(group) for group in groups]


def _merged(stream: Sequence[_Group]) -> _Group:
    different = len({_outcome(group.last) for group in stream})
    return _Group(stream[0].first, stream[-1].last, sum(group.count for group in stream), different)


def _line(group: _Group) -> str:
    entry = group.last
    kind = "" if entry.kind in ("act", "question") else f"{visible(entry.kind, NAME)} "
    times = f", {group.count} times" if group.count > 1 else ""
    times += f" with {group.answers} different outcomes, the last" if group.answers > 1 else ""
    took = f" (took {entry.took:.2f} s)" if entry.took is not None and group.count == 1 else ""
    return f"{_when(group)}  {kind}{visible(entry.to, NAME)}: {visible(entry.what, NAME)}{times}{_said(entry)}{took}"


def _when(group: _Group) -> str:
    clock = f"{group.first.at:%H:%M:%S}" if group.first.at is not None else "??:??:??"
    first, last = (f"{entry.seconds:.2f}" if entry.seconds is not None else "?" for entry in (group.first, group.last))
    return f"{clock} {first:>7} s" if first == last else f"{clock} {first:>7} … {last} s"


def _said(entry: Entry) -> str:
    if entry.error is not None:
        return f" → FAILED: {visible(entry.error, ERROR)}"
    return "" if entry.answer is None else f" → {visible(entry.answer, ANSWER)}"
