"""The mirror of the machine's own apt."""

import pytest

from lab.base.failure import LabError
from lab.images.mirror import parse

DEBIAN = """\
Debian main http://mirror.example.com/debian http://mirror.example.com/debian/
Debian main http://mirror.example.com/debian-security http://mirror.example.com/debian-security/
"""


def test_the_first_plain_archive_is_taken() -> None:
    assert parse(DEBIAN) == "http://mirror.example.com/debian"


@pytest.mark.parametrize(
    "targets",
    [DEBIAN.splitlines()[1], "Ubuntu main http://archive.example.com http://archive.example.com/ubuntu/\n", ""],
    ids=["security alone is no base system", "Ubuntu is no Debian", "no apt"],
)
def test_without_a_debian_mirror_it_says_what_to_do(targets: str) -> None:
    with pytest.raises(LabError, match="let the engine reach a registry"):
        parse(targets)
