"""A copied incident in the forms in which it is given on: six fields, a page, and one archive with its hashes."""

from __future__ import annotations

import hashlib
import io
import tarfile
from dataclasses import dataclass
from pathlib import Path

from freqops.core.base import durable
from freqops.core.base.errors import NotProven
from freqops.core.incident.evidence import understand
from freqops.core.incident.page import page
from freqops.core.incident.six_fields import Told, six_fields

from . import copy_back
from .copy_back import PAGE, SIX_FIELDS, SUMS


@dataclass(frozen=True)
class Written:
    """Where the reports lie that need the registries of hosts.

    Attributes:
        six_fields: The report in six fields.
        page: The page.
    """

    six_fields: Path
    page: Path


def write_reports(copied: copy_back.Copied, told: Told, unread: dict[str, str]) -> Written | None:
    """Write the report in six fields and the page beside the other one, and return where.

    Args:
        copied: What was copied.
        told: Row and events of each host.
        unread: Why there is none of the others.

    Returns:
        Their paths; None where there is nothing to report on.

    Raises:
        NotProven: Something else was read back.
        OSError: The disk did not take one of them.
    """
    if not copied.report.is_file():
        return None
    case = understand(copied.evidence)
    written = Written(copied.report.with_name(SIX_FIELDS), copied.report.with_name(PAGE))
    for path, text in ((written.six_fields, six_fields(case, told, unread)), (written.page, page(case, told, unread))):
        _write(path, text.encode(errors="replace"))
    return written


def _write(path: Path, data: bytes) -> None:
    durable.write_atomic(path, data, copy_back.PRIVATE_FILE)
    if path.read_bytes() != data:
        raise NotProven(f"{path} was written, and something else was read back")


def archive(directory: Path, incident: str) -> Path:
    """Put everything that was copied of an incident into one archive, with a file of hashes, and return where.

    Raises:
        NotProven: Something else was read back.
    """
    home = directory / incident
    files = {str(path.relative_to(directory)): path.read_bytes() for path in sorted(home.rglob("*")) if path.is_file()}
    sums = "".join(f"{hashlib.sha256(data).hexdigest()}  {name}\n" for name, data in files.items())
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as made:
        for name, data in {**files, f"{incident}/{SUMS}": sums.encode()}.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(data), copy_back.PRIVATE_FILE
            made.addfile(entry, io.BytesIO(data))
    path = directory / f"{incident}.tar.gz"
    _write(path, packed.getvalue())
    return path
