"""Deploys that must fail, and leave every running bot running, with its trades."""

from __future__ import annotations

import re

from lab import state
from tests.support.field import Played, play, until
from tests.support.fleet import Fleet, bot
from tests.support.images import variant
from tests.support.rollout import BOTS, CONTRACT, HOST, PAIR, Before, Rollout, added

RAISES = '    def bot_loop_start(self, **_: Any) -> None:\n        raise ValueError("it raises in its first loop")\n'
RAISES_LATE = (
    "    def bot_loop_start(self, **_: Any) -> None:\n"
    '        self.rounds = getattr(self, "rounds", 0) + 1\n'
    "        if self.rounds > 2:\n"
    '            raise ValueError("it raises when it has entered")\n'
)
SLEEPS = "    def bot_start(self, **_: Any) -> None:\n        import time\n\n        time.sleep(3600)\n"


def row(played: Played, name: str) -> str:
    """Return what the play said of a bot."""
    lines = [line.strip() for line in played.out.splitlines() if line.strip().startswith(f"{name}: ")]
    return "\n".join(lines)


def test_three_bots_fail_at_once_while_a_fourth_is_deployed_well(rollout: Rollout) -> None:
    before = Before(rollout)

    def three_fail(fleet: Fleet) -> None:
        bot(fleet, HOST, "alpha")["config"] = {"unfilledtimeout": {"unit": "fortnights"}}
        bot(fleet, HOST, "beta")["strategy_dir"] = rollout.strategy(
            "broken", CONTRACT, lambda text: text.replace("import json\n", "import json\nimport nothing_of_that_name\n")
        )
        bot(fleet, HOST, "beta")["strategy"] = "ContractStrategy"
        bot(fleet, HOST, "delta")["strategy_dir"] = rollout.strategy(
            "raises", CONTRACT, lambda text: added(text, RAISES)
        )
        bots = fleet[HOST]["freqtrade_bots"]
        bots.append(bots.pop([each["name"] for each in bots].index("delta")))  # the last one, for it is touched

    def fourth(fleet: Fleet) -> None:
        bot(fleet, HOST, "epsilon")["config"]["max_open_trades"] = 2

    rollout.keep(fourth)
    played = rollout.deploy(three_fail)
    assert played.rc != 0
    assert "fortnights" in played.out, played.out
    assert "No module named 'nothing_of_that_name'" in played.out, played.out
    assert "delta: ROLLED BACK, PROVEN" in row(played, "delta"), played.out
    assert "its strategy fails" in row(played, "delta"), played.out
    assert "its last log lines" in played.out, played.out
    before.untouched("alpha", "beta")
    before.same("delta")
    epsilon = rollout.bots["epsilon"]
    assert epsilon.release_now != before.releases["epsilon"]
    assert epsilon.trade_ids() == before.trades["epsilon"]
    assert epsilon.state() == "running"


def test_an_image_that_is_not_there_is_refused(rollout: Rollout) -> None:
    before = Before(rollout)

    def wrong(fleet: Fleet) -> None:
        fleet[HOST]["freqtrade_image"] = state.load().images["freqtrade"].partition("@")[0] + "@sha256:" + "5a" * 32

    played = rollout.deploy(wrong)
    assert played.rc != 0
    assert "cannot be had" in played.out, played.out
    before.untouched(*BOTS)


def test_a_wrong_database_password_is_found_before_the_bot_is_touched(rollout: Rollout) -> None:
    before = Before(rollout)
    secrets = f"{rollout.bots['alpha'].home}/conf/secrets.json"
    alpha = rollout.bots["alpha"]
    alpha.sh(f"cp -p {secrets} /root/kept.json && sed -i 's#alpha_paper:[^@]*@#alpha_paper:wrong@#' {secrets}")
    try:
        played = rollout.deploy()
    finally:
        alpha.sh(f"mv /root/kept.json {secrets}")
    assert played.rc != 0
    assert "password authentication failed" in played.out, played.out
    before.untouched(*BOTS)


def test_a_full_disk_is_found_before_the_bot_is_touched(rollout: Rollout) -> None:
    before = Before(rollout)
    alpha, release = rollout.bots["alpha"], f"{rollout.bots['alpha'].home}/release"
    alpha.sh(
        f"mount -t tmpfs -o size=64k none {release} && dd if=/dev/zero of={release}/full bs=1k count=64 2>/dev/null"
    )
    try:
        played = rollout.deploy(lambda fleet: bot(fleet, HOST, "alpha").update(config={"max_open_trades": 4}))
    finally:
        alpha.sh(f"umount {release}")
    assert played.rc != 0
    assert "No space left on device" in played.out, played.out
    before.untouched(*BOTS)


def test_a_bot_that_never_gets_well_is_rolled_back(rollout: Rollout) -> None:
    before = Before(rollout)

    def sleeps(fleet: Fleet) -> None:
        bot(fleet, HOST, "delta")["strategy_dir"] = rollout.strategy(
            "sleeps", CONTRACT, lambda text: added(text, SLEEPS)
        )

    played = rollout.deploy(sleeps, "-e", "freqtrade_start_deadline=15")
    assert played.rc != 0
    assert "delta: ROLLED BACK, PROVEN" in row(played, "delta"), played.out
    before.untouched("alpha", "beta", "epsilon")
    before.same("delta")


def test_an_image_that_does_not_start_goes_back_with_its_database(rollout: Rollout) -> None:
    before = Before(rollout)
    image = variant(
        "broken", "USER root", "RUN printf '#!/bin/sh\\nexit 3\\n' > $(command -v freqtrade)", "USER ftuser"
    )
    delta = rollout.bots["delta"]
    played = rollout.deploy(lambda fleet: _only(fleet, "delta", image))
    assert played.rc != 0
    assert "delta: ROLLED BACK, PROVEN" in row(played, "delta"), played.out
    assert re.search("it ended [34] times", row(played, "delta")), played.out
    before.same("delta")
    assert delta.sh("docker inspect --format '{{.Config.Image}}' freqops-delta").strip() != image


def _only(fleet: Fleet, name: str, image: str) -> None:
    """Leave one bot of the host in the fleet, with another image."""
    fleet[HOST]["freqtrade_bots"] = [bot(fleet, HOST, name)]
    fleet[HOST]["freqtrade_image"] = image


def test_a_release_goes_back_by_hand_and_its_image_with_its_database(rollout: Rollout) -> None:
    before = Before(rollout)
    image = variant("other", "LABEL another=image")
    changed = rollout.deploy(lambda fleet: _only(fleet, "delta", image))
    assert changed.rc == 0, changed.out
    delta = rollout.bots["delta"]
    assert delta.release_now != before.releases["delta"]
    assert delta.trade_ids() == before.trades["delta"]
    before.untouched("alpha", "beta", "epsilon")
    back = play("rollback", "-e", "bots=delta", "-e", "reason=test of the way back", inventory=rollout.inventory())
    assert back.rc == 0, back.out
    before.same("delta")
    delta.wish(enter=["ETH/USDT"])
    assert until("it trades on", lambda: len(delta.trades()) > len(before.trades["delta"]), 60)
    delta.wish()
    assert PAIR in [trade["pair"] for trade in delta.trades()]


def test_trades_that_were_written_since_are_kept_and_the_bot_is_halted(rollout: Rollout) -> None:
    image = variant("third", "LABEL third=image")
    delta = rollout.bots["delta"]
    trades = delta.trade_ids()

    def enters_and_raises(text: str) -> str:
        return added(text.replace('self._wishes("enter")', '["BTC/USDT", "ETH/USDT"]'), RAISES_LATE)

    def sick(fleet: Fleet) -> None:
        _only(fleet, "delta", image)
        bot(fleet, HOST, "delta")["strategy_dir"] = rollout.strategy("late", CONTRACT, enters_and_raises)

    played = rollout.deploy(sick)
    assert played.rc != 0
    assert "trades were written since" in row(played, "delta"), played.out
    assert (delta.level(), delta.state()) == (1, "paused")
    assert trades < delta.trade_ids()
    delta.release()
