"""Entries of the calendar: a playbook, its times and its inputs; all mistakes of an entry are refused at once."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from ..base.errors import Refused
from ..base.visible import visible

NAME = re.compile(r"[a-z][a-z0-9-]{0,39}")
WHEN = re.compile(r"[A-Za-z0-9*:.,/~ -]{1,100}")
LIMIT = re.compile(r"[A-Za-z0-9_*\[][A-Za-z0-9_.,:&!*\[\]-]{0,199}")
VALUE = re.compile(r"[^\x00-\x1f\x7f]{0,500}")
TEMPLATE = re.compile(r"\{[{%#]")
LEAST_SECONDS, MOST_SECONDS = 10, 172_800
SECONDS, JITTER = 1800, 300
# Those that only read, or only forbid: they wait for nobody, and nobody waits for them. All others run one at a time.
BESIDE = ("circuit_breaker", "incident", "keepalive", "killswitch", "lockout", "security_check", "status")
NEVER = ("schedule",)  # it would change what runs it
SHOWN = 60

Playbooks = Mapping[str, Mapping[str, Mapping[str, Any]]]


@dataclass(frozen=True)
class Entry:
    """A job of the calendar.

    Attributes:
        name: Its name, which its units bear.
        playbook: A playbook of ours, without its suffix.
        when: When it runs, as systemd has it in ``OnCalendar``; always UTC.
        inputs: What the playbook is given, each a text.
        limit: The hosts to which it is limited; empty for none.
        seconds: The time limit, with all waiting.
        jitter: The seconds by which it begins later at most.
        vault: Whether it gets the vault password.
        enabled: Whether it runs by itself.
    """

    name: str
    playbook: str
    when: str
    inputs: Mapping[str, str] = field(default_factory=dict)
    limit: str = ""
    seconds: int = SECONDS
    jitter: int = JITTER
    vault: bool = False
    enabled: bool = True

    @property
    def alone(self) -> bool:
        """Whether the job runs beside no other such job."""
        return self.playbook not in BESIDE

    @property
    def deed(self) -> str:
        """The act of the job, in one line: a success counts for this act and no other."""
        words = [f"-e {name}={value}" for name, value in sorted(self.inputs.items())]
        return " ".join([self.playbook, *words, *([f"--limit {self.limit}"] if self.limit else [])])


KINDS: dict[str, Any] = {each.name: {"name": str, "playbook": str, "when": str, "inputs": dict, "limit": str,
                                      "seconds": int, "jitter": int, "vault": bool, "enabled": bool}[each.name]
                         for each in fields(Entry)}  # fmt: skip
REQUIRED = ("name", "playbook", "when")
CALLED = {str: "a text", dict: "a map", int: "a whole number", bool: "true or false"}


def merged(defaults: Sequence[Any], jobs: Sequence[Any]) -> list[Any]:
    """Return the default entries with those of the inventory, which replace those of the same name."""
    own = {row.get("name") for row in jobs if isinstance(row, dict) and isinstance(row.get("name"), str)}
    return [row for row in defaults if not (isinstance(row, dict) and row.get("name") in own)] + list(jobs)


def parse(rows: Sequence[Any], playbooks: Playbooks) -> list[Entry]:
    """Return the entries that rows declare.

    Args:
        rows: The rows, as the inventory has them.
        playbooks: The inputs that each playbook declares, by name.

    Raises:
        Refused: A row is no entry, or two have one name; the text has every reason.
    """
    wrong = [f"{_called(number, row)}: {text}" for number, row in enumerate(rows) for text in _wrong(row, playbooks)]
    if not wrong:
        names = Counter(row["name"] for row in rows)
        wrong = [f"{count} jobs are called {name}" for name, count in names.items() if count > 1]
    if wrong:
        raise Refused("; ".join(wrong))
    return [Entry(**{key: value for key, value in row.items() if value is not None}) for row in rows]


def _called(number: int, row: Any) -> str:
    name = row.get("name") if isinstance(row, dict) else None
    return f"job {visible(name, SHOWN)}" if isinstance(name, str) else f"the job at place {number + 1}"


def _wrong(row: Any, playbooks: Playbooks) -> Iterable[str]:
    """Yield why a row is no entry."""
    if not isinstance(row, dict):
        yield "it is no map"
        return
    yield from (f"unknown key '{visible(str(key), SHOWN)}'" for key in row if key not in KINDS)
    yield from (f"it has no {key}" for key in REQUIRED if row.get(key) is None)
    given = {key: row[key] for key in KINDS if row.get(key) is not None}
    mistyped = [key for key, value in given.items() if type(value) is not KINDS[key]]
    yield from (f"{key} is not {CALLED[KINDS[key]]}" for key in mistyped)
    if mistyped or any(key not in given for key in REQUIRED):
        return
    yield from _values(given)
    yield from _of_playbook(given["playbook"], given.get("inputs", {}), playbooks)


def _values(given: Mapping[str, Any]) -> Iterable[str]:
    for key, form in (("name", NAME), ("when", WHEN)):
        if not form.fullmatch(given[key]):
            yield f"{key} '{visible(given[key], SHOWN)}' is not of the form {form.pattern}"
    if given.get("limit") and not LIMIT.fullmatch(given["limit"]):
        yield f"limit '{visible(given['limit'], SHOWN)}' is none that is taken"
    if not LEAST_SECONDS <= given.get("seconds", SECONDS) <= MOST_SECONDS:
        yield f"seconds is {given['seconds']}; allowed are {LEAST_SECONDS} to {MOST_SECONDS}"
    if not 0 <= given.get("jitter", JITTER) <= MOST_SECONDS:
        yield f"jitter is {given['jitter']}; allowed are 0 to {MOST_SECONDS}"


def _of_playbook(playbook: str, inputs: Mapping[Any, Any], playbooks: Playbooks) -> Iterable[str]:
    """Yield what a playbook does not take."""
    if playbook in NEVER:
        yield f"{playbook}.yml does not run in the calendar"
        return
    if playbook not in playbooks:
        yield f"there is no playbook '{visible(playbook, SHOWN)}'; there are {', '.join(sorted(playbooks))}"
        return
    declared = playbooks[playbook]
    for name, value in inputs.items():
        if name not in declared:
            known = ", ".join(sorted(declared)) or "none"
            yield f"{playbook}.yml has no input '{visible(str(name), SHOWN)}'; it has {known}"
        elif not isinstance(value, str):
            yield f"input {name} is no text: put it in quotes"
        elif not VALUE.fullmatch(value) or TEMPLATE.search(value):
            yield f"input {name} is not one line of plain text"
        elif declared[name].get("choices") and value not in declared[name]["choices"]:
            yield f"input {name} is '{visible(value, SHOWN)}'; allowed are {', '.join(declared[name]['choices'])}"
    for name, body in declared.items():
        if body.get("required") and name not in inputs:
            yield f"{playbook}.yml needs the input {name}"
