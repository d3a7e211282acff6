"""The files of a security check on the control node: all of it as JSON, and a page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from freqops.core.base import durable
from freqops.core.base.errors import NotProven
from freqops.core.security import answer
from freqops.core.security.row import Row
from freqops.reports import security_page

from .copy_back import PRIVATE_DIRECTORY, PRIVATE_FILE

DIRECTORY = Path(__file__).resolve().parents[3] / "security"
JSON, PAGE = "security_check.json", "security_check.html"


def written(directory: Path, rows: Mapping[str, Sequence[Row]], moment: str, problems: Sequence[str]) -> list[Path]:
    """Write both files, and return where they are.

    Args:
        directory: Where; it is made where it is missing.
        rows: The rows of each host, and of the fleet.
        moment: When it was.
        problems: What else is wrong, each with its host.

    Raises:
        NotProven: Something else was read back.
        OSError: The disk did not take one.
    """
    directory.mkdir(mode=PRIVATE_DIRECTORY, parents=True, exist_ok=True)
    told = {
        "version": answer.FORMAT, "moment": moment, "problems": list(problems),
        "passed": not problems and not answer.failures(rows),
        "items": [answer.explained(host, each) for host, found in rows.items() for each in found],
    }  # fmt: skip
    made = {JSON: durable.as_json(told), PAGE: security_page.page(rows, moment, problems).encode(errors="replace")}
    for name, data in made.items():
        durable.write_atomic(directory / name, data, PRIVATE_FILE)
        if (directory / name).read_bytes() != data:
            raise NotProven(f"{directory / name} is not as it was written")
    return [directory / name for name in made]
