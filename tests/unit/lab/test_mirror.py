"""The mirror of the machine's own apt."""

from lab.mirror import DEFAULT, parse

DEBIAN = """\
Debian main http://mirror.example.com/debian http://mirror.example.com/debian/
Debian main http://mirror.example.com/debian-security http://mirror.example.com/debian-security/
"""


def test_the_first_plain_archive_is_taken() -> None:
    assert parse(DEBIAN) == "http://mirror.example.com/debian"


def test_security_alone_is_not_a_base_system() -> None:
    assert parse(DEBIAN.splitlines()[1]) == DEFAULT


def test_ubuntu_takes_debian_from_the_public_archive() -> None:
    assert parse("Ubuntu main http://archive.example.com http://archive.example.com/ubuntu/\n") == DEFAULT
