"""An engine that is too small is refused with both figures."""

import pytest

from lab.base.failure import LabError
from lab.engine.capacity import DISK_NEEDED_TO_BUILD, DISK_NEEDED_TO_RUN, GIB, MEMORY_NEEDED, check_disk, check_memory


def test_too_little_memory_is_refused_with_numbers() -> None:
    with pytest.raises(LabError, match=r"1\.9 GiB of memory, the lab needs 4\.0 GiB"):
        check_memory(int(1.9 * GIB))


def test_too_little_disk_is_refused_with_numbers() -> None:
    with pytest.raises(LabError, match=r"2\.5 GiB of free disk, the lab needs 12\.0 GiB"):
        check_disk(int(2.5 * GIB), building=True)


def test_exactly_enough_is_enough() -> None:
    check_memory(MEMORY_NEEDED)
    check_disk(DISK_NEEDED_TO_BUILD, building=True)


def test_with_the_images_built_less_disk_will_do() -> None:
    check_disk(DISK_NEEDED_TO_RUN, building=False)
    with pytest.raises(LabError):
        check_disk(DISK_NEEDED_TO_RUN - 1, building=False)
