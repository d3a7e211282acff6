"""Evidence of a halt on its host: who, why, what was found and what was proven."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Any

from freqops.core.base import durable

SECONDS = 1.0


def record(root: Path, incident: str, name: str, evidence: dict[str, Any]) -> str | None:
    """Write one piece of evidence and return why it could not be written, or None.

    An incident never delays or spoils what it records: this is called last, waits no longer than a second for the disk,
    and its failure is only reported.
    """
    result: list[str | None] = ["the incident was not written: the disk did not answer within a second"]
    writer = threading.Thread(target=_record, args=(root, incident, name, evidence, result), daemon=True)
    writer.start()
    writer.join(SECONDS)
    return result[0]


def _record(root: Path, incident: str, name: str, evidence: dict[str, Any], result: list[str | None]) -> None:
    directory = root / "incidents" / incident
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        durable.write_json(directory / f"{os.uname().nodename}-{name}.json", evidence, 0o600)
    except OSError as error:
        result[0] = f"the incident was not written: {error}"
    else:
        result[0] = None
