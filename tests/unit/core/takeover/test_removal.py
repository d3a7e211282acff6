"""What may be removed: a bot that one host has, or that is known to be gone."""

from __future__ import annotations

import pytest

from freqops.core.base.errors import Refused
from freqops.core.takeover.removal import refuse_ambiguous

PRESENT = {"paper-1": {"alpha", "twin"}, "prod-1": {"twin"}}
KNOWN = {"alpha", "twin", "gone"}


def test_what_one_host_has_or_had_may_go() -> None:
    refuse_ambiguous(["alpha", "gone"], PRESENT, KNOWN)


@pytest.mark.parametrize(
    ("bot", "said"),
    [
        ("twin", "twin is on paper-1 and prod-1; say with --limit from which"),
        ("zteta", "no host of this play has, had or declares a bot zteta"),
    ],
)
def test_what_nobody_can_mean_is_refused(bot: str, said: str) -> None:
    with pytest.raises(Refused, match=said):
        refuse_ambiguous(["alpha", bot], PRESENT, KNOWN)
