"""The status of a host is red while something of it, or of a bot, is not as it was left, and green again afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.field import Field, play, until

UNIT = "/etc/systemd/system/freqops-reassert"
OVERRIDE = f"{UNIT}.service.d"
LATER = "/etc/ssh/sshd_config.d/00-later.conf"
COOKIES = "/proc/sys/net/ipv4/tcp_syncookies"
STOP = "systemctl stop freqops-reassert.timer && systemctl start freqops-reassert.service"  # a round under way ends
SILENCE = f"{STOP} && touch -d '10 minutes ago' /run/freqops/reassert.stamp"
COME_ROUND = "systemctl start freqops-reassert.timer freqops-reassert.service"  # at once, not when the timer says so
NO_GUARD = "systemctl stop freqops-guard && touch -d '10 minutes ago' /run/freqops/guard.stamp"
DISEASES = {  # what spoils it, what heals it, and what status says meanwhile
    "overridden": (
        f"mkdir {OVERRIDE} && printf '[Service]\\nNice=5\\n' > {OVERRIDE}/x.conf && systemctl daemon-reload",
        f"rm -r {OVERRIDE} && systemctl daemon-reload",
        f"freqops-reassert.service is overridden by {OVERRIDE}/x.conf",
    ),
    "masked": (
        f"{STOP} && mv {UNIT}.timer {UNIT}.kept && ln -s /dev/null {UNIT}.timer && systemctl daemon-reload",
        f"mv {UNIT}.kept {UNIT}.timer && systemctl daemon-reload && {COME_ROUND}",
        "freqops-reassert.timer is masked",
    ),
    "silent": (SILENCE, COME_ROUND, "freqops-reassert did not come round for 60"),
    "guard": (NO_GUARD, "systemctl start freqops-guard", "freqops-guard did not come round for 60"),
    "sshd": (f"echo X11Forwarding yes > {LATER}", f"rm {LATER}", f"X11Forwarding is yes, not no; set in {LATER}"),
    "kernel": (f"echo 0 > {COOKIES}", f"echo 1 > {COOKIES}", "the kernel's net.ipv4.tcp_syncookies is 0, not 1"),
}


@pytest.fixture
def field() -> Iterator[Field]:
    found = Field()
    until("all is well", lambda: problems(found) == [])
    yield found
    until("all is well again", lambda: problems(found) == [])


def problems(field: Field) -> list[str]:
    """Return what the status says of the host and of the bot, its exit status in step with that."""
    rc, answer = field.tool("status --json")
    found = [*answer["host_problems"], *(text for row in answer["bots"] for text in row["problems"])]
    assert rc == (2 if found or answer["undeclared"] else 0), answer
    return found


@pytest.mark.parametrize("name", DISEASES)
def test_what_was_undone_on_the_host_is_red(field: Field, name: str) -> None:
    spoil, heal, said = DISEASES[name]
    field.sh(spoil)
    try:
        assert [text for text in problems(field) if said in text]
    finally:
        field.sh(heal)


def test_a_trader_that_nobody_ordered_to_stop_is_red(field: Field) -> None:
    field.ask("api.call('POST', '/stop')")
    try:
        [said] = problems(field)
        assert said.startswith("its trader is stopped with ")
        shown: Any = play("status", "--limit", "paper-1")
        assert shown.rc == 2, shown.out
        assert "its trader is stopped with " in shown.out
    finally:
        field.ask("api.start()")


def test_a_halt_says_that_its_hold_would_stay_undone(field: Field) -> None:
    field.sh(SILENCE)
    try:
        rc, row = field.halt(1)
        assert (rc, row["verdict"]) == (0, "HALTED, PROVEN"), row
        assert [text for text in row["detail"] if "freqops-reassert did not come round for 60" in text]
    finally:
        field.sh(COME_ROUND)
        field.resume()
