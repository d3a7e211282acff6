"""A copied incident in the form in which it is given on: the report in six fields, and one archive with its hashes."""

from __future__ import annotations

import hashlib
import io
import tarfile
from pathlib import Path

from freqops.core.base import durable
from freqops.core.base.errors import NotProven
from freqops.core.incident.evidence import Evidence, understand
from freqops.core.incident.six_fields import Told, six_fields

from . import copy_back

SIX_FIELDS, SUMS = "incident.md", "SHA256SUMS"


def write_six_fields(copied: copy_back.Copied, incident: str, told: Told, unread: dict[str, str]) -> Path | None:
    """Write the report in six fields beside the other one, and return where; None where there is nothing to report on.

    Args:
        copied: What was copied.
        incident: The incident.
        told: Row and events of each host.
        unread: Why there is none of the others.
    """
    home = copied.report.parent
    if not copied.report.is_file():
        return None
    case = understand(Evidence(incident, copy_back.copied_files(home)))
    durable.write_atomic(
        home / SIX_FIELDS, six_fields(case, told, unread).encode(errors="replace"), copy_back.PRIVATE_FILE
    )
    return home / SIX_FIELDS


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
    durable.write_atomic(path, packed.getvalue(), copy_back.PRIVATE_FILE)
    if path.read_bytes() != packed.getvalue():
        raise NotProven(f"{path} was written, and something else was read back")
    return path
