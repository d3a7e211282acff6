"""The rights of a host, and the order in which they are tried."""

import pytest

from lab.engine.privileges import NAMES, host_config, order


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        ("", ("privileged", "capabilities")),
        ("privileged", ("privileged", "capabilities")),
        ("capabilities", ("capabilities", "privileged")),
        ("forgotten", ("privileged", "capabilities")),
    ],
)
def test_what_worked_last_time_comes_first(known: str, expected: tuple[str, ...]) -> None:
    assert order(known) == expected


@pytest.mark.parametrize("name", NAMES)
def test_cgroup_v1_gets_the_empty_v2_tree(name: str) -> None:
    config = host_config(name, "1")
    assert config["CgroupnsMode"] == "host"
    assert config["Binds"] == ["/sys/fs/cgroup/unified:/sys/fs/cgroup:rw"]


def test_a_privileged_host_on_cgroup_v2_has_a_tree_of_its_own() -> None:
    assert host_config("privileged", "2")["CgroupnsMode"] == "private"
    assert "Binds" not in host_config("privileged", "2")


@pytest.mark.parametrize("version", ["1", "2"])
def test_a_host_without_full_privileges_cannot_set_the_clock(version: str) -> None:
    assert "SYS_TIME" in host_config("capabilities", version)["CapDrop"]
    assert "Privileged" not in host_config("capabilities", version)
