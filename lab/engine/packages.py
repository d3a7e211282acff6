"""Debian packages on the control machine: installed as root, otherwise refused with the command to run."""

import os
import platform
import shutil

from lab.base.console import Note
from lab.base.failure import LabError
from lab.base.programs import run


def require(programs: list[str], packages: list[str], note: Note) -> None:
    """Install `packages` unless all `programs` are there already.

    Raises:
        LabError: this is not Debian or we are not root, or apt failed; with the command to run.
    """
    if all(shutil.which(program) for program in programs):
        return
    install = ["apt-get", "install", "-y", "--no-install-recommends", *packages]
    if not _is_debian():
        raise LabError(f"{programs[0]} is missing; on Debian or Ubuntu it comes with: sudo {' '.join(install)}")
    if os.geteuid() != 0:
        raise LabError(f"{programs[0]} is missing; run: sudo apt-get update && sudo {' '.join(install)}")
    for command in (["apt-get", "update"], install):
        note(" ".join(command))
        run(command)


def _is_debian() -> bool:
    try:
        release = platform.freedesktop_os_release()
    except OSError:
        return False
    return "debian" in {release.get("ID", ""), *release.get("ID_LIKE", "").split()}
