"""The evidence of an incident, as its files say it: the answers of commands and the journals of bots.

Everything in these files came from disks that may have been full, from processes that may have been killed and from
bots that may say anything. What cannot be understood is a problem that the report names, never an error.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any

LEVELS = (1, 2, 3)
NO_INCIDENT = "no incident"  # how a host begins to say that it has no part in one
STAMP = r"\d{8}T\d{6}Z"
ANSWER = re.compile(rf"(?P<command>[a-z_]+)(?:-(?P<bot>[a-z][a-z0-9-]*?))?(?:-(?P<at>{STAMP}))?")
ANSWER_OF_SOME_HOST = re.compile(
    rf".*?-(?P<command>halt|release|flatten|reconcile)(?:-(?P<bot>[a-z][a-z0-9-]*?))?(?:-(?P<at>{STAMP}))?"
)
JOURNAL = re.compile(rf"(?P<bot>.+?)-(?P<command>[a-z_]+)(?:-(?P<at>{STAMP}))?")
LINE_BEGINS = '{"at": "'
TORN = "ends in the middle of a line"


@dataclass(frozen=True)
class Evidence:
    """All that is at hand of one incident.

    Attributes:
        incident: Its id.
        files: The text of every file by its name, for each host; none for a host that has no such incident.
        unfetched: Why there is nothing new from a host, for those that could not be asked.
        cut: The files that were too large to be taken whole, for each host.
    """

    incident: str
    files: Mapping[str, Mapping[str, str]]
    unfetched: Mapping[str, str] = field(default_factory=dict)
    cut: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Entry:
    """One line of a journal.

    Attributes:
        number: Its place in the journal.
        kind: question, act, snapshot or note; or whatever it says.
        to: Whom it went to: bot, exchange, disk, engine.
        what: What was asked or done.
        answer: What came back.
        error: Why nothing came back, None where something did.
        seconds: When, in seconds since the command began.
        at: When, by the clock of the host.
        took: How long it took, in seconds.
    """

    number: int
    kind: str
    to: str
    what: str
    answer: Any = None
    error: Any = None
    seconds: float | None = None
    at: datetime | None = None
    took: float | None = None


@dataclass(frozen=True)
class Journal:
    """What one command did with one bot, line by line; ``problems`` says what of it cannot be read."""

    host: str
    file: str
    bot: str
    command: str
    entries: tuple[Entry, ...]
    problems: tuple[str, ...]


@dataclass(frozen=True)
class Command:
    """What one command answered on one host.

    Attributes:
        host: The host by its name in the inventory.
        file: Where the answer stands.
        name: halt, release, flatten, reconcile …
        level: The kill level, where it has one.
        reason: Why, in the words of whoever commanded it.
        actor: Who that was.
        began: When it began, as far as anything says so.
        ended: When it ended.
        rows: What it achieved, for each bot.
        proven: Whether it proved all of it.
        remarks: What else the answer says: processes that nobody declared, files that could not be written.
        together: Whether it went to all bots of the host, and most often to other hosts too.
    """

    host: str
    file: str
    name: str
    level: int | None
    reason: str | None
    actor: str | None
    began: datetime | None
    ended: datetime | None
    rows: tuple[dict[str, Any], ...]
    proven: bool
    remarks: tuple[str, ...]
    together: bool


@dataclass(frozen=True)
class Case:
    """An incident, understood: its commands in the order of time, its journals, and what is missing or unreadable."""

    evidence: Evidence
    commands: tuple[Command, ...]
    journals: tuple[Journal, ...]
    problems: tuple[tuple[str, str], ...]

    def bots(self) -> list[tuple[str, str]]:
        """Return host and bot of every bot that an answer or a journal names."""
        said = {(command.host, str(row.get("bot"))) for command in self.commands for row in command.rows}
        return sorted(said | {(journal.host, journal.bot) for journal in self.journals})


def moment(text: Any) -> datetime | None:
    """Return the moment that ISO 8601 text, or a stamp in a name, means; None where it means none."""
    if not isinstance(text, str):
        return None
    try:
        if re.fullmatch(STAMP, text):
            return datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=timezone.utc)
        found = datetime.fromisoformat(text.replace("Z", "+00:00"))
        return found.astimezone(timezone.utc) if found.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None


def number(value: Any) -> float | None:
    """Return ``value`` as a finite number, None where it is none."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        return float(value) if math.isfinite(value) else None
    except OverflowError:
        return None


def understand(evidence: Evidence) -> Case:
    """Read all files of an incident; nothing in them is an error."""
    hosts = [_Host(evidence, host) for host in sorted({*evidence.files, *evidence.unfetched})]
    commands = sorted((command for host in hosts for command in host.commands), key=_by_time)
    journals = [journal for host in hosts for journal in host.journals]
    problems = [(host.name, problem) for host in hosts for problem in host.problems]
    problems += _without_counterpart(commands, journals)
    return Case(evidence, tuple(commands), tuple(journals), tuple(problems))


def _by_time(command: Command) -> tuple[bool, float, str, str]:
    began = command.began
    return began is None, began.timestamp() if began is not None else 0.0, command.host, command.file


class _Host:
    """What the files of one host say, and what is wrong with them."""

    def __init__(self, evidence: Evidence, name: str) -> None:
        self.name = name
        self.commands: list[Command] = []
        self.journals: list[Journal] = []
        self.problems: list[str] = []
        self._incident = evidence.incident
        self._files = evidence.files.get(name, {})
        self._cut = set(evidence.cut.get(name, ()))
        self._documents = {file: _document(text) for file, text in self._files.items() if file.endswith(".json")}
        said = [document.get("host") for document in self._documents.values() if document is not None]
        self._names = [*(text for text in said if isinstance(text, str)), name]
        self._reached(evidence.unfetched.get(name))
        for file in sorted(self._files):
            self._read(file)

    def _reached(self, why: str | None) -> None:
        if why is not None:
            copied = "; what is shown of it was copied before" if self._files else ""
            self.problems.append(f"could not be fetched: {why}{copied}")
        elif not self._files:
            self.problems.append("has no files of this incident")

    def _read(self, file: str) -> None:
        if file in self._cut:
            self.problems.append(f"{file} was too large to be copied whole: its end is missing here")
        if file.endswith(".jsonl"):
            journal = self._journal(file)
            self.journals.append(journal)
            self.problems += [f"the journal {file} {problem}" for problem in journal.problems]
        elif file.endswith(".json"):
            self._answer(file)
        else:
            self.problems.append(f"{file} is neither an answer nor a journal; it is not shown here")

    def _stem(self, name: str) -> str | None:
        """Return a file's name without its ending and without the name of its host, None where that is not known."""
        stem = name.rpartition(".")[0]
        prefixes = [f"{known}-" for known in self._names if stem.startswith(f"{known}-")]
        return stem[len(max(prefixes, key=len)) :] if prefixes else None

    def _answer(self, name: str) -> None:
        document = self._documents[name]
        if document is None:
            self.problems.append(f"{name} cannot be read as an answer: it is no JSON object, or ends too early")
            return
        stem = self._stem(name)
        found = ANSWER.fullmatch(stem) if stem is not None else ANSWER_OF_SOME_HOST.fullmatch(name.rpartition(".")[0])
        parts = found.groupdict() if found else {"command": None, "bot": None, "at": None}
        self.commands.append(_command(self.name, name, document, parts, self._incident))

    def _journal(self, name: str) -> Journal:
        stem = self._stem(name) or name.rpartition(".")[0]
        found = JOURNAL.fullmatch(stem)
        bot, command = (found["bot"], found["command"]) if found else (stem, "unknown")
        entries, problems = _entries(self._files[name], cut=name in self._cut)
        return Journal(self.name, name, bot, command, tuple(entries), tuple(problems))


def _document(text: str) -> dict[str, Any] | None:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _command(host: str, file: str, document: dict[str, Any], parts: Mapping[str, str | None], incident: str) -> Command:
    level = document.get("level")
    rows = document.get("bots")
    result = document.get("result")
    proven = document.get("proven") is True
    if isinstance(result, dict):
        rows = [_row_of_result(result, parts["bot"])]
        proven = "not_proven" not in result and "refused" not in result
    elif rows is None and isinstance(document.get("bot"), str):
        rows = [document]
    together = isinstance(document.get("bots"), list)
    stamp = parts["at"] or incident.partition("-")[0]
    return Command(
        host=host,
        file=file,
        name=_text(document.get("command")) or parts["command"] or "unknown",
        level=level if isinstance(level, int) and not isinstance(level, bool) and level in LEVELS else None,
        reason=_text(document.get("reason")),
        actor=_text(document.get("actor")),
        began=moment(document.get("began")) or moment(stamp),
        ended=moment(document.get("ended")),
        rows=tuple(row for row in rows if isinstance(row, dict)) if isinstance(rows, list) else (),
        proven=proven,
        remarks=tuple(_remarks(document)),
        together=together,
    )


def _remarks(document: dict[str, Any]) -> Iterator[str]:
    undeclared = document.get("undeclared")
    for process in undeclared if isinstance(undeclared, list) else []:
        known = process if isinstance(process, dict) else {"command": process}
        yield f"UNDECLARED Freqtrade process {known.get('pid')}: {known.get('command')}"
    for name in sorted(document):
        if name.endswith("_error") and document[name] is not None:
            yield f"{name}: {document[name]}"


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _row_of_result(result: dict[str, Any], bot: str | None) -> dict[str, Any]:
    """Return what a command for one bot achieved as a row like that of a halt."""
    for key, verdict in (("not_proven", "NOT PROVEN"), ("refused", "REFUSED")):
        if key in result:
            return {"bot": bot or "unknown", "proven": False, "verdict": verdict, "detail": [result[key]]}
    row = {"bot": bot or "unknown", "proven": True, **result}
    return {**row, "verdict": result.get("verdict", result.get("outcome"))}


def _entries(text: str, *, cut: bool) -> tuple[list[Entry], list[str]]:
    """Return the lines of a journal that can be read, and what is wrong with the others."""
    entries, bad = [], []
    lines = text.split("\n")
    for position, line in enumerate(lines, start=1):
        document = _document(line)
        if document is None and line.strip():
            bad.append(position)
            document = _glued(line)
        if document is not None:
            entries.append(_entry(position, document))
    problems = []
    if len(lines) in bad:
        bad.remove(len(lines))
        problems += [] if cut else [TORN]
    if bad:
        problems.append(f"has {len(bad)} lines that cannot be read, the first is line {bad[0]}")
    if not entries:
        problems.append("has no line that can be read")
    return entries, problems


def _glued(line: str) -> dict[str, Any] | None:
    """Return the whole line that follows a torn one, where a later command went on writing behind it."""
    start = line.rfind(LINE_BEGINS)
    return _document(line[start:]) if start > 0 else None


def _entry(position: int, document: dict[str, Any]) -> Entry:
    kind, to, what = (_text(document.get(key)) or "unknown" for key in ("kind", "to", "what"))
    return Entry(
        number=position,
        kind=kind,
        to=to,
        what=what,
        answer=document.get("answer"),
        error=document.get("error"),
        seconds=number(document.get("s")),
        at=moment(document.get("at")),
        took=number(document.get("took_s")),
    )


def _answered(commands: Sequence[Command]) -> set[tuple[str, str, str]]:
    return {(command.host, str(row.get("bot")), command.name) for command in commands for row in command.rows}


def _written(journals: Sequence[Journal]) -> set[tuple[str, str, str]]:
    return {(journal.host, journal.bot, journal.command) for journal in journals}


def _without_counterpart(commands: Sequence[Command], journals: Sequence[Journal]) -> Iterator[tuple[str, str]]:
    """Say which bots a command answered for without a journal, and the other way round."""
    written = _written(journals)
    for host, bot, command in sorted(_answered([each for each in commands if each.together]) - written):
        yield host, f"no journal says what {command} asked and did with {bot}"
    for host, bot, command in sorted(written - _answered(commands)):
        yield host, f"{command} left no answer for {bot}, only a journal: it may have ended before it was through"


def unanswered(case: Case) -> bool:
    """Return whether a journal tells of a command that left no answer."""
    return not _written(case.journals) <= _answered(case.commands)
