"""The program of an analysis, which the image of a bot has not: put into the input of a run, out of this very command.

It is a file of its own there, so that a strategy finds on its ``PYTHONPATH`` what it finds there in a bot.
"""

from __future__ import annotations

import hashlib
import zipfile

from freqops.core.base.errors import Refused
from freqops.core.bot import host_command
from freqops.core.runs.run_command import PROGRAM

from .run_directory import READABLE, READABLE_FILE, RunDirectory

SOURCE = "freqops/research/analysis.py"


def put(place: RunDirectory) -> str:
    """Put the program into the input of a run, for everybody to read, and return its SHA-256.

    Raises:
        Refused: This host's command does not have it.
        OSError: The disk is full, read-only or failing.
    """
    try:
        with zipfile.ZipFile(host_command.TOOL) as command:
            content = command.read(SOURCE)
    except (OSError, KeyError, zipfile.BadZipFile) as error:
        raise Refused(f"{host_command.TOOL} has no {SOURCE}: {error}") from None
    path = place.input / PROGRAM
    path.parent.mkdir(mode=READABLE)
    path.parent.chmod(READABLE)
    path.write_bytes(content)
    path.chmod(READABLE_FILE)
    return hashlib.sha256(content).hexdigest()
