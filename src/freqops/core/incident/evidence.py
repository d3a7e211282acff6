"""The evidence of an incident, as its files say it: the answers of commands and the journals of bots.

Everything in these files came from disks that may have been full, from processes that may have been killed and from
bots that may say anything. What cannot be understood is a problem that the report names, never an error.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from ..bot import foreign_process
from .journal_file import STAMP, Journal, document_of, entries_of, moment, plain, text_of

LEVELS = (1, 2, 3)
APART = timedelta(seconds=5)  # between the moment in a journal's name and those in the answer of its command
NO_INCIDENT = "no incident"  # how a host begins to say that it has no part in one
ANSWER = re.compile(rf"(?P<command>[a-z_]+[123]?)(?:-(?P<bot>[a-z][a-z0-9-]*?))?(?:-(?P<at>{STAMP}))?")
ANSWER_OF_SOME_HOST = re.compile(
    rf".*?-(?P<command>halt[123]?|resume|release|flatten|reconcile)(?:-(?P<bot>[a-z][a-z0-9-]*?))?(?:-(?P<at>{STAMP}))?"
)
JOURNAL = re.compile(rf"(?P<bot>.+?)-(?P<label>[a-z_]+[123]?(?:-{STAMP})?)")


@dataclass(frozen=True)
class Evidence:
    """All that is at hand of one incident.

    Attributes:
        incident: Its id.
        files: The text of every file by its name, for each host; none for a host that has no such incident.
        unfetched: The reason why there is nothing new from a host, for those that could not be asked.
        cut: The files that were too large to be taken whole, for each host.
    """

    incident: str
    files: Mapping[str, Mapping[str, str]]
    unfetched: Mapping[str, str] = field(default_factory=dict)
    cut: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Command:
    """The answer of one command on one host.

    Attributes:
        host: The host by its name in the inventory.
        file: The file of the answer.
        name: halt, resume, flatten, reconcile …
        label: The same as the file's name has it, with its level.
        order: The incident that the command was given, which is another one where a hold was in force already.
        level: The kill level, where it has one.
        reason: The reason, in the words of the actor.
        actor: The giver of the command, in its own words.
        caller: The giver of the command, in the words of the host; empty where the host said nothing of it.
        began: When it began, as far as anything says so.
        ended: When it ended.
        rows: Its result for each bot.
        proven: Whether it proved all of it.
        remarks: Further lines of the answer: processes that belong to no bot, files that could not be written.
        left_alone: Those of the processes that are left alone, by their numbers.
        together: Whether it went to all bots of the host, and most often to other hosts too.
    """

    host: str
    file: str
    name: str
    label: str
    order: str | None
    level: int | None
    reason: str | None
    actor: str | None
    caller: str
    began: datetime | None
    ended: datetime | None
    rows: tuple[dict[str, Any], ...]
    proven: bool
    remarks: tuple[str, ...]
    left_alone: tuple[int, ...]
    together: bool


@dataclass(frozen=True)
class Case:
    """An incident, understood.

    Attributes:
        evidence: What it was understood from.
        commands: Its commands in the order of time.
        journals: Its journals.
        unanswered: The journals of commands that left no answer, and why there may be none.
        problems: Host and fault of everything that is missing or cannot be read.
    """

    evidence: Evidence
    commands: tuple[Command, ...]
    journals: tuple[Journal, ...]
    unanswered: tuple[tuple[Journal, str], ...]
    problems: tuple[tuple[str, str], ...]

    def bots(self) -> list[tuple[str, str]]:
        """Return host and bot of every bot that an answer or a journal names."""
        said = {(command.host, str(row.get("bot"))) for command in self.commands for row in command.rows}
        return sorted(said | {(journal.host, journal.bot) for journal in self.journals})


def understand(evidence: Evidence) -> Case:
    """Read all files of an incident; nothing in them is an error."""
    hosts = [_Host(evidence, host) for host in sorted({*evidence.files, *evidence.unfetched})]
    commands = sorted((command for host in hosts for command in host.commands), key=_by_time)
    journals = [journal for host in hosts for journal in host.journals]
    problems = [(host.name, problem) for host in hosts for problem in host.problems]
    alone = tuple((journal, _why(journal)) for journal in _unanswered(commands, journals))
    problems += _without_journal(evidence.incident, commands, journals)
    problems += (
        (journal.host, f"{journal.label} left no answer for {journal.bot}, only a journal: {why}")
        for journal, why in alone
    )
    return Case(evidence, tuple(commands), tuple(journals), alone, tuple(problems))


def _by_time(command: Command) -> tuple[bool, float, str, str]:
    began = command.began
    return began is None, began.timestamp() if began is not None else 0.0, command.host, command.file


class _Host:
    """The content of the files of one host, and its faults."""

    def __init__(self, evidence: Evidence, name: str) -> None:
        self.name = name
        self.commands: list[Command] = []
        self.journals: list[Journal] = []
        self.problems: list[str] = []
        self._incident = evidence.incident
        self._files = evidence.files.get(name, {})
        self._cut = set(evidence.cut.get(name, ()))
        self._documents = {file: document_of(text) for file, text in self._files.items() if file.endswith(".json")}
        said = [document.get("host") for document in self._documents.values() if document is not None]
        self._names = [*(text for text in said if isinstance(text, str)), name]
        self._reached(evidence.unfetched.get(name))
        for file in sorted(self._files):
            self._read(file)

    def _reached(self, why: str | None) -> None:
        if why is not None:
            copied = "; its files were copied before" if self._files else ""
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
        bot, label = (found["bot"], found["label"]) if found else (stem, "unknown")
        entries, problems = entries_of(self._files[name], cut=name in self._cut)
        return Journal(self.name, name, bot, label, tuple(entries), tuple(problems))


def _command(host: str, file: str, document: dict[str, Any], parts: Mapping[str, str | None], incident: str) -> Command:
    level = document.get("level")
    rows = document.get("bots")
    result = document.get("result")
    proven = document.get("proven") is True
    if isinstance(result, dict):
        rows = [
            _row_of_result(
                result, text_of(document.get("bot")) or parts["bot"], proven=document.get("proven") is not False
            )
        ]
        proven = rows[0]["proven"]
    elif rows is None and isinstance(document.get("bot"), str):
        rows = [document]
    together = isinstance(document.get("bots"), list)
    label = parts["command"] or "unknown"
    stamp = parts["at"] or incident.partition("-")[0]
    return Command(
        host=host,
        file=file,
        name=text_of(document.get("command")) or plain(label) or "unknown",
        label=label,
        order=text_of(document.get("incident")),
        level=level if isinstance(level, int) and not isinstance(level, bool) and level in LEVELS else None,
        reason=text_of(document.get("reason")),
        actor=text_of(document.get("actor")),
        caller=_caller(document.get("run_by")),
        began=moment(document.get("began")) or moment(stamp),
        ended=moment(document.get("ended")),
        rows=tuple(row for row in rows if isinstance(row, dict)) if isinstance(rows, list) else (),
        proven=proven,
        remarks=tuple(_remarks(document)),
        left_alone=tuple(each["pid"] for each in _foreign(document) if foreign_process.is_left_alone(each)),
        together=together,
    )


def _caller(said: object) -> str:
    known = {name: text_of(value) for name, value in said.items()} if isinstance(said, dict) else {}
    words = [known.get("account"), known.get("key") or known.get("login"), known.get("address")]
    return ", ".join(word for word in words if word)


def _remarks(document: dict[str, Any]) -> Iterator[str]:
    for process in _foreign(document):
        known = process if isinstance(process, dict) else {"command": process}
        yield foreign_process.halted_line(known)
    for name in sorted(document):
        if name.endswith("_error") and document[name] is not None:
            yield f"{name}: {document[name]}"


def _foreign(document: dict[str, Any]) -> list[Any]:
    """Return the part of an answer about Freqtrade processes that belong to no bot, unchecked."""
    said = document.get("undeclared")
    return said if isinstance(said, list) else []


def _row_of_result(result: dict[str, Any], bot: str | None, *, proven: bool) -> dict[str, Any]:
    """Return the result of a command for one bot as a row like that of a halt; ``proven`` is its evidence's word."""
    row = {"bot": bot or "unknown", **result, "proven": proven and result.get("proven", True) is True}
    for key, verdict in (("not_proven", "NOT PROVEN"), ("refused", "REFUSED")):
        if key in result:
            return {**row, "proven": False, "verdict": verdict, "detail": [result[key]]}
    for key, good, bad in (("flat", "FLAT", "NOT FLAT"), ("agrees", "AGREES", "DOES NOT AGREE")):
        if key in result:
            return {**row, "proven": result[key] is True, "verdict": good if result[key] is True else bad}
    return {**row, "verdict": result.get("verdict", result.get("outcome"))}


def belongs(journal: Journal, command: Command, row: Mapping[str, Any]) -> bool:
    """Return whether ``journal`` tells of what ``command`` did with the bot of ``row``."""
    same = (journal.host, journal.bot, journal.command) == (command.host, str(row.get("bot")), command.name)
    if not same or journal.began is None or command.began is None:
        return same
    ended = command.ended if command.ended is not None else command.began
    return command.began - APART <= journal.began <= max(ended, command.began) + APART


def _without_journal(
    incident: str, commands: Sequence[Command], journals: Sequence[Journal]
) -> Iterator[tuple[str, str]]:
    """Yield host and fault of each bot for which a command answered without a journal."""
    for command in commands:
        for row in command.rows:
            elsewhere = row.get("incident", incident) != incident  # it was held before: its journal is with that hold
            if not elsewhere and not any(belongs(journal, command, row) for journal in journals):
                yield command.host, f"no journal says what {command.label} asked and did with {row.get('bot')}"


def _why(journal: Journal) -> str:
    return "it may have ended before it was through" if journal.acted else "it was refused, or ended before it acted"


def _unanswered(commands: Sequence[Command], journals: Sequence[Journal]) -> list[Journal]:
    """Return the journals of commands that left no answer.

    A halt of what was halted already changes nothing and leaves none either: that one is not missed where its journal
    goes to the end and the host has the answer of the first.
    """
    hosts = {command.host for command in commands}
    return [
        journal
        for journal in journals
        if not (journal.through and journal.host in hosts)
        and not any(belongs(journal, command, row) for command in commands for row in command.rows)
    ]


def unanswered(case: Case) -> bool:
    """Return whether a journal tells of a command that did something and left no answer."""
    return any(journal.acted for journal, _ in case.unanswered)


def proven(case: Case) -> bool:
    """Return whether every command is proven; a repeated one is judged by its last run."""
    bots: dict[tuple[str, str, str], bool] = {}
    hosts: dict[tuple[str, str], bool] = {}
    for command in case.commands:
        of_rows = [row.get("proven") is True for row in command.rows]
        for row, good in zip(command.rows, of_rows):
            bots[(command.host, str(row.get("bot")), command.name)] = good
        hosts[(command.host, command.name)] = command.proven or not all(of_rows)
    return bool(case.commands) and all(bots.values()) and all(hosts.values())
