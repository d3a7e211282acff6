"""Whether the engine is large enough, in numbers."""

from lab.base.failure import LabError

GIB = 1024**3
MEMORY_NEEDED = 4 * GIB
DISK_NEEDED_TO_BUILD = 12 * GIB
DISK_NEEDED_TO_RUN = 3 * GIB


def check_memory(found: int) -> None:
    """Refuse an engine with too little memory.

    Raises:
        LabError: with the needed and the found figure.
    """
    _check("memory", found, MEMORY_NEEDED, "give Docker more (Docker Desktop: Settings, Resources)")


def check_disk(found: int, *, building: bool) -> None:
    """Refuse an engine with too little free disk.

    Raises:
        LabError: with the needed and the found figure.
    """
    needed = DISK_NEEDED_TO_BUILD if building else DISK_NEEDED_TO_RUN
    _check("free disk", found, needed, "make room, for example with `docker system prune`")


def _check(what: str, found: int, needed: int, advice: str) -> None:
    if found < needed:
        raise LabError(
            f"the Docker Engine has {found / GIB:.1f} GiB of {what}, the lab needs {needed / GIB:.1f} GiB: {advice}"
        )
