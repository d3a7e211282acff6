"""The policy of retention: for how long each kind of thing stays, as the inventory has it and deploy writes it.

Zero days means for ever. A policy that cannot be read removes nothing: it is never replaced by the defaults.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from ..base import strict_json
from ..base.errors import Refused
from ..base.strict_json import Unreadable
from ..preflight.fleet import Fleet
from ..preflight.refusal import Refusal

FILE = Path("/etc/freqops/retention.json")
FORMAT = 1
MAX_BYTES = 4096
PREFIX = "host_keep_"  # of the variables of the inventory
MOST_DAYS, LEAST_DAYS = 36_500, 7
MOST_RUNS = 100_000
MOST_RELEASES, LEAST_RELEASES = 5, 2  # deploy keeps five; with one there would be no rollback


@dataclass(frozen=True)
class Policy:
    """For how long things stay; a field is a variable of the inventory, `PREFIX` before it.

    Attributes:
        log_days: Days since the last line of a log that was rotated away; 0 means for ever.
        run_days: Days since the last change of what a run left behind; likewise.
        runs: The newest of those that stay whatever their age.
        incident_days: Days since an incident was closed, after which its evidence goes; likewise.
        removed_dump_days: Days of the dumps of bots that were removed; likewise.
        releases: The newest releases of a bot that stay.
    """

    log_days: int = 365
    run_days: int = 365
    runs: int = 100
    incident_days: int = 365
    removed_dump_days: int = 0
    releases: int = MOST_RELEASES

    def to_json(self) -> dict[str, Any]:
        """Return the policy as it stands in `FILE`."""
        return {"version": FORMAT, **asdict(self)}


NAMES = tuple(each.name for each in fields(Policy))


def load(path: Path = FILE) -> Policy:
    """Return the policy that deploy wrote.

    Raises:
        Unreadable: It is missing, or not exactly what `Policy.to_json` gives.
    """
    try:
        document = strict_json.load(path, MAX_BYTES)
    except Unreadable as error:
        raise Unreadable(f"{path}: {error}; deploy.yml writes it") from None
    if not isinstance(document, dict) or set(document) != set(Policy().to_json()):
        raise Unreadable(f"{path} is no object of {', '.join(sorted(Policy().to_json()))}; deploy.yml writes it")
    if document["version"] != FORMAT or isinstance(document["version"], bool):
        raise Unreadable(f"{path}: its format {document['version']!r} is not {FORMAT}")
    try:
        return Policy(**{name: checked(name, document[name]) for name in NAMES})
    except Refused as refusal:
        raise Unreadable(f"{path}: {refusal}") from None


def checked(name: str, value: Any) -> int:
    """Return the value of a field.

    Raises:
        Refused: It is none; the text says what is allowed.
    """
    if isinstance(value, bool) or not isinstance(value, int):
        raise Refused(f"{name} is {value!r}, which is no whole number")
    if name.endswith("_days") and not (value == 0 or LEAST_DAYS <= value <= MOST_DAYS):
        raise Refused(f"{name} is {value}; allowed are {LEAST_DAYS} to {MOST_DAYS} days, and 0, which is for ever")
    if name == "runs" and not 0 <= value <= MOST_RUNS:
        raise Refused(f"{name} is {value}; allowed are 0 to {MOST_RUNS}")
    if name == "releases" and not LEAST_RELEASES <= value <= MOST_RELEASES:
        raise Refused(f"{name} is {value}; allowed are {LEAST_RELEASES} to {MOST_RELEASES}")
    return value


def judge(fleet: Fleet) -> Iterator[Refusal]:
    """Yield the values of an inventory that are none."""
    for host in fleet.hosts:
        yield from _of_host(host, {name: fleet.value(host, f"{PREFIX}{name}") for name in NAMES})


def _of_host(host: str, values: Mapping[str, Any]) -> Iterator[Refusal]:
    for name, value in values.items():
        try:
            checked(name, value)
        except Refused as refusal:
            wrong, _, cure = f"{PREFIX}{refusal}".partition("; ")
            yield Refusal(host, wrong, cure or "write a whole number", paths=((f"{PREFIX}{name}",),))
