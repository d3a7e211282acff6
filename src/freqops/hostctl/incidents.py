"""Evidence of a halt on its host: who, why, what was found and what was proven."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

from freqops.core import durable


def record(root: Path, incident: str, name: str, evidence: dict[str, Any]) -> str | None:
    """Write one piece of evidence and return why it could not be written, or None.

    An incident never delays or spoils what it records: this is called last, and its failure is only reported.
    """
    directory = root / "incidents" / incident
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        durable.write_json(directory / f"{socket.gethostname()}-{name}.json", evidence, 0o600)
    except OSError as error:
        return f"the incident was not written: {error}"
    return None
