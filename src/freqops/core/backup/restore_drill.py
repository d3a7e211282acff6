"""Restore drills: the restore beside the bots that trade, the comparisons, and their times."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..base import kinds
from ..base.exit_status import NOT_PROVEN, PROVEN
from ..base.kinds import Malformed
from ..base.markdown import block, code
from ..base.outcome import Outcome
from ..base.text_table import table

PLACE = "drill"  # below the directory of backups
COMMAND = "restore_drill"  # as the files of an incident call it
HEADINGS = ("host", "repository", "snapshot", "bot", "passed", "RPO s", "RTO s", "bytes", "tables", "rows", "numbers",
            "open", "closed", "looked at by")  # fmt: skip
KEYS = ("repository", "snapshot", "bot", "proven", "rpo_s", "rto_s", "size", "tables", "rows", "numbers", "open_trades",
        "closed_trades", "checker")  # fmt: skip
LEGEND = (
    "*RPO* is how old the moment of the bot's database was when the drill began. *RTO* is the time for taking the "
    "snapshot out of its repository, restoring this database, and booting the bot until it told the same trades. Rows, "
    "and the numbers that come next, are those that were compared with the manifest of the snapshot; *open* and "
    "*closed* are the trades that the bot told."
)
SHORT = 8
ROW: dict[str, kinds.Kind] = {
    **dict.fromkeys(
        ("repository", "snapshot", "bot", "outcome", "moment", "kind", "image", "release", "checker"), kinds.text
    ),
    **{name: kinds.or_none(kinds.number) for name in ("rpo_s", "rto_s")},
    **{name: kinds.or_none(kinds.count) for name in ("size", "tables", "rows", "numbers")},
    **{name: kinds.or_none(kinds.count) for name in ("open_trades", "closed_trades")},
    "proven": kinds.truth,
    "changed": kinds.truth,
    "detail": kinds.list_of(kinds.text),
    "problems": kinds.list_of(kinds.text),
}
REPOSITORY: dict[str, kinds.Kind] = {
    "repository": kinds.text,
    "snapshot": kinds.text,
    "began": kinds.text,
    "counted": kinds.truth,
    "detail": kinds.list_of(kinds.text),
    "problems": kinds.list_of(kinds.text),
}
ANSWER: dict[str, kinds.Kind] = {
    "incident": kinds.text,
    "bots": kinds.list_of(kinds.object_),
    "repositories": kinds.list_of(kinds.object_),
    "left": kinds.list_of(kinds.text),
    "began": kinds.text,
    "ended": kinds.text,
    "proven": kinds.truth,
}
MEASURED = ("rpo_s", "rto_s", "size", "tables", "rows", "numbers", "open_trades", "closed_trades")


@dataclass
class Rehearsed(Outcome):
    """The outcome for one bot of one snapshot: proven where all of it was read back and compared.

    Attributes:
        repository: The repository.
        snapshot: The snapshot.
        moment: The moment of its database.
        kind: ``postgresql`` or ``sqlite``.
        image: The image in which it booted.
        release: The release with which it booted.
        rpo_s: Seconds from that moment to the beginning of the drill.
        rto_s: Seconds until it told the same trades; None where it did not.
        size: Bytes of its dump.
        tables: Tables that were compared.
        rows: Rows of them.
        numbers: Numbers that come next, and were compared.
        checker: What looked at the structure of the database.
        open_trades: Open trades that the bot told.
        closed_trades: Closed ones that it told.
        problems: Why it is not proven.
    """

    repository: str = ""
    snapshot: str = ""
    moment: str = ""
    kind: str = ""
    image: str = ""
    release: str = ""
    rpo_s: float | None = None
    rto_s: float | None = None
    size: int | None = None
    tables: int | None = None
    rows: int | None = None
    numbers: int | None = None
    checker: str = ""
    open_trades: int | None = None
    closed_trades: int | None = None
    problems: list[str] = field(default_factory=list)


@dataclass
class Repository:
    """The outcome for one repository, but for its bots.

    Attributes:
        repository: Its name.
        snapshot: The snapshot; empty where none counts.
        began: When that was begun.
        counted: Whether this was a drill of all of its bots, which counts in the state of the repository.
        detail: Lines for the operator.
        problems: Why the drill of it failed.
    """

    repository: str
    snapshot: str = ""
    began: str = ""
    counted: bool = False
    detail: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


@dataclass
class Answer:
    """The answer of ``freqops-host restore-drill``.

    Attributes:
        incident: The id under which all of it is recorded.
        began: When it began.
        ended: When it ended.
        bots: A row for each bot of each snapshot.
        repositories: A row for each repository.
        left: What of the drill is still there, a line each.
    """

    incident: str
    began: str = ""
    ended: str = ""
    bots: list[Rehearsed] = field(default_factory=list)
    repositories: list[Repository] = field(default_factory=list)
    left: list[str] = field(default_factory=list)

    @property
    def proven(self) -> bool:
        """Whether every repository and every bot passed, and nothing is left."""
        whole = all(row.proven and not row.problems for row in self.bots)
        return bool(self.repositories) and whole and not self.left and not any(r.problems for r in self.repositories)

    @property
    def exit(self) -> int:
        """The exit status."""
        return PROVEN if self.proven else NOT_PROVEN

    def to_json(self) -> dict[str, Any]:
        """Return the answer as it is printed, and as an auditor gets it: no secret is in it."""
        return {
            "version": 1, "command": COMMAND, "incident": self.incident, "began": self.began, "ended": self.ended,
            "bots": [row.to_json() for row in self.bots], "repositories": [vars(row) for row in self.repositories],
            "left": list(self.left), "proven": self.proven,
        }  # fmt: skip


def read(document: object) -> Answer:
    """Return the answer of a host.

    Raises:
        Malformed: It is none, or calls proven what has a problem or was not measured, or tells of no repository.
    """
    said = kinds.checked(document, ANSWER, tuple(ANSWER))
    rows = [Rehearsed(**kinds.checked(row, ROW, tuple(ROW))) for row in said["bots"]]
    repositories = [Repository(**kinds.checked(row, REPOSITORY, tuple(REPOSITORY))) for row in said["repositories"]]
    kinds.refuse_twice([row.repository for row in repositories])
    kinds.refuse_twice([f"{row.bot} of {row.repository}" for row in rows])
    for row in rows:
        if row.proven and any(getattr(row, name) is None for name in MEASURED):
            raise Malformed(f"it says that {row.bot} has passed, and not what was compared")
    found = Answer(said["incident"], said["began"], said["ended"], rows, repositories, list(said["left"]))
    if found.proven != said["proven"]:
        raise Malformed(f"it says that it is {'' if said['proven'] else 'not '}proven, and its rows say otherwise")
    return found


def check(document: Mapping[str, Any]) -> None:
    """Refuse anything but the answer of a drill; raises as `read`."""
    read(document)


def rows(answers: Iterable[tuple[str, Answer]]) -> list[list[Any]]:
    """Return the cells of every row, in the order of `HEADINGS`."""
    return [
        [host, *(row.snapshot[:SHORT] if key == "snapshot" else getattr(row, key) for key in KEYS)]
        for host, answer in answers for row in answer.bots
    ]  # fmt: skip


def wrong(host: str, answer: Answer) -> list[str]:
    """Return a line for each failure on one host, and for each thing that stays there."""
    found = [f"{host}: FAILED: {each.repository}: {text}" for each in answer.repositories for text in each.problems]
    found += [f"{host}: FAILED: {row.bot} out of {row.repository}: {text}" for row in answer.bots
              for text in row.problems or ([] if row.proven else ["it is not proven"])]  # fmt: skip
    found += [f"{host}: LEFT BEHIND: {text}" for text in answer.left]
    return found + ([] if answer.repositories else [f"{host}: FAILED: no repository was looked at"])


def lines(host: str, answer: Answer) -> list[str]:
    """Return the remarks beside the rows of one host, the failures first."""
    found = wrong(host, answer)
    found += [f"{host}: {each.repository}: {text}" for each in answer.repositories for text in each.detail]
    return found + [f"{host}: {row.bot} out of {row.repository}: {text}" for row in answer.bots for text in row.detail]


def record(incident: str, answers: Sequence[tuple[str, Answer]], silent: Sequence[str]) -> dict[str, Any]:
    """Return a drill of all hosts for an auditor: what was compared and how long it took, without secrets.

    Args:
        incident: The id under which it is recorded.
        answers: Hosts, and what each of them answered.
        silent: A line for each host that gave no answer.
    """
    return {
        "version": 1, "kind": "restore drill", "incident": incident, "passed": _passed(answers, silent),
        "hosts": {host: answer.to_json() for host, answer in answers}, "without_answer": list(silent),
    }  # fmt: skip


def _passed(answers: Sequence[tuple[str, Answer]], silent: Sequence[str]) -> bool:
    return bool(answers) and not silent and all(answer.proven for _, answer in answers)


def page(incident: str, reason: str, actor: str, answers: Sequence[tuple[str, Answer]], silent: Sequence[str]) -> str:
    """Return the report of a drill as a Markdown page.

    Args:
        incident: The id under which it is recorded.
        reason: Why.
        actor: By whom.
        answers: Hosts, and what each of them answered.
        silent: A line for each host that gave no answer.
    """
    passed = _passed(answers, silent)
    began = min((answer.began for _, answer in answers), default="at no time that is known")
    text = [
        f"# Restore drill {incident}",
        "",
        f"{'**PASSED**' if passed else '**FAILED**'}, begun {began}, by {code(actor)}: {code(reason)}",
        "",
        LEGEND,
        "",
        *block(table(HEADINGS, rows(answers)).splitlines()),
    ]
    details = [*silent, *(line for host, answer in answers for line in lines(host, answer))]
    if details:
        text += ["## What is worth knowing", "", *block(details)]
    return "\n".join(text)
