"""Run a program of the control machine to its end."""

import os
import subprocess

from lab.base.failure import LabError

ERROR_TAIL = 2000


def run(command: list[str]) -> str:
    """Return the output of `command`.

    Raises:
        LabError: it ended with an error; with the end of what it said.
    """
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise LabError(f"{' '.join(command)} ended with {done.returncode}:\n{done.stderr[-ERROR_TAIL:]}")
    return done.stdout
