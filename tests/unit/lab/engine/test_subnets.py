"""The lab's networks overlap nothing that is in use, and not each other."""

from ipaddress import IPv4Network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.base.failure import LabError
from lab.engine.subnets import DOCKER_DEFAULTS, candidates, choose, host_pool

SEEDS = st.integers(0, 16**8 - 1).map("{:08x}".format)


@given(SEEDS)
def test_an_empty_machine_gets_the_first_candidate(seed: str) -> None:
    assert choose(seed, []) == next(candidates(seed))


@given(SEEDS, st.integers(1, 150))
def test_taken_candidates_are_passed_over(seed: str, taken: int) -> None:
    used = [network for network, _ in zip(candidates(seed), range(taken), strict=False)]
    chosen = choose(seed, used)
    assert not any(chosen.overlaps(network) for network in used)


@pytest.mark.parametrize("used", ["10.0.0.0/8", "0.0.0.0/1"])
def test_no_room_at_all_is_refused(used: str) -> None:
    with pytest.raises(LabError, match="every candidate"):
        choose("00", [IPv4Network(used)])


@given(SEEDS)
def test_the_hosts_own_networks_are_disjoint_from_the_labs_and_from_dockers(seed: str) -> None:
    for lab in candidates(seed):
        assert not any(host_pool(lab).overlaps(other) for other in (lab.supernet(new_prefix=16), *DOCKER_DEFAULTS))
