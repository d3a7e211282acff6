"""The table of hosts."""

import pytest

from lab.base.failure import LabError
from lab.hosts.roster import GROUPS, HOSTS, chosen, host_spec


def test_no_two_hosts_share_a_name_or_an_address() -> None:
    assert len({host.name for host in HOSTS}) == len({host.address_number for host in HOSTS}) == len(HOSTS)


def test_hosts_are_in_known_groups_and_leave_the_services_addresses_alone() -> None:
    for host in HOSTS:
        assert set(host.groups) <= set(GROUPS)
        assert 10 < host.address_number < 255


def test_an_unknown_host_is_refused_with_the_known_ones() -> None:
    with pytest.raises(LabError, match="paper-1"):
        host_spec("paper-99")


def test_a_lab_has_the_hosts_that_are_named_and_all_where_none_are() -> None:
    assert chosen(None) == HOSTS
    assert chosen([]) == ()
    assert [host.name for host in chosen(["prod-1"])] == ["prod-1"]
    with pytest.raises(LabError, match="paper-99"):
        chosen(["paper-99"])
