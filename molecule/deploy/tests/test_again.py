"""A second deploy as an operator runs it, of hosts on which there is nothing to do."""

from __future__ import annotations

import re

from tests.support.field import play

HOSTS = ("localhost", "paper-1", "prod-1")


def test_a_second_deploy_sees_that_there_is_nothing_to_do_and_changes_nothing() -> None:
    again = play("deploy")
    assert again.rc == 0, again.out
    recap = dict(re.findall(r"^(\S+) +: .*\bchanged=(\d+)", again.out, re.MULTILINE))
    assert recap == dict.fromkeys(HOSTS, "0"), again.out
    assert "Look at the host" not in again.out, "what nothing has to be done on is not gone through"
