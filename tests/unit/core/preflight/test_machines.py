"""One machine under two names of the inventory is refused: by its address, and by what the machine itself says."""

from __future__ import annotations

from pathlib import Path

import pytest

from freqops.core.base import machine
from freqops.core.preflight import machines
from freqops.core.preflight.fleet import Fleet, Way
from tests.unit.core.preflight.fleets import KNOWN, inventory

CURE = "one machine has one name: take one of both out of the inventory"
JUMP = ("ssh", "-J bastion.example.com")


def judged(ways: dict[str, Way]) -> list[str]:
    fleet = Fleet(inventory(), {}, KNOWN, ways)
    return [refusal.line for refusal in machines.addresses(fleet)]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (Way("192.0.2.10"), Way("192.0.2.10")),
        (Way("192.0.2.10", "2222"), Way("192.0.2.10", "2222")),
        (Way("192.0.2.10", through=JUMP), Way("192.0.2.10", through=JUMP)),
        (Way("192.0.2.10"), Way("paper-1")),
        (Way("prod-1"), Way("192.0.2.10")),
    ],
)
def test_two_names_with_one_address_are_refused(first: Way, second: Way) -> None:
    assert judged({"paper-1": first, "prod-1": second}) == [
        f"prod-1: its address {second.address}, port {second.port}, is that of paper-1, too; {CURE}"
    ]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (Way("192.0.2.10"), Way("192.0.2.11")),
        (Way("127.0.0.1", "2201"), Way("127.0.0.1", "2202")),  # the lab's
        (Way("192.168.1.9", through=JUMP), Way("192.168.1.9", through=("ssh", "-J other.example.com"))),
        (Way("paper-1"), Way("prod-1")),
    ],
)
def test_two_addresses_are_two_machines(first: Way, second: Way) -> None:
    assert judged({"paper-1": first, "prod-1": second}) == []


def test_of_three_names_of_one_machine_two_are_too_many() -> None:
    lines = judged({name: Way("192.0.2.10") for name in ("a", "b", "c")})
    assert {line.partition(":")[0] for line in lines} == {"b", "c"}


def test_a_machine_that_answers_under_two_names_is_refused() -> None:
    found = machines.identities({"paper-1": "boot pid:[1]", "prod-1": "boot pid:[2]", "other": "boot pid:[1]"})
    assert [refusal.line for refusal in found] == [f"other: it is the same machine as paper-1; {CURE}"]


def test_one_that_does_not_tell_which_it_is_is_refused() -> None:
    found = machines.identities({"paper-1": "", "prod-1": "boot pid:[2]"})
    assert [refusal.line for refusal in found] == ["paper-1: its machine cannot be identified; look at /proc there"]


@pytest.fixture
def proc(tmp_path: Path) -> Path:
    (tmp_path / "sys" / "kernel" / "random").mkdir(parents=True)
    (tmp_path / "sys" / "kernel" / "random" / "boot_id").write_text("6d1c\n")
    (tmp_path / "self" / "ns").mkdir(parents=True)
    (tmp_path / "self" / "ns" / "pid").symlink_to("pid:[4026531836]")
    return tmp_path


def test_machines_on_one_kernel_are_told_apart_by_their_processes(proc: Path) -> None:
    first = machine.identity(proc)
    (proc / "self" / "ns" / "pid").unlink()
    (proc / "self" / "ns" / "pid").symlink_to("pid:[4026532000]")
    assert (first, machine.identity(proc)) == ("6d1c pid:[4026531836]", "6d1c pid:[4026532000]")


def test_machines_are_told_apart_by_their_boot(proc: Path) -> None:
    first = machine.identity(proc)
    (proc / "sys" / "kernel" / "random" / "boot_id").write_text("7e2d\n")
    assert machine.identity(proc) != first


def test_what_cannot_be_read_is_no_identity(proc: Path) -> None:
    (proc / "self" / "ns" / "pid").unlink()
    assert machine.identity(proc) == ""


def test_this_machine_says_the_same_again() -> None:
    assert machine.identity() == machine.identity() != ""
