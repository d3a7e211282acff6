"""Deploys that must fail, one by one, and the way back by hand."""

from __future__ import annotations

import re

from lab.base import state
from tests.support.field import play, until
from tests.support.fleet import Fleet, bot
from tests.support.images import variant
from tests.support.patience import GIVE_UP
from tests.support.rollout import BOTS, CONTRACT, HOST, PAIR, SLEEPS, Before, Rollout, added, only, row


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

    played = rollout.deploy(sleeps, "-e", f"freqtrade_start_deadline={rollout.slowest_start:.0f}")
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
    played = rollout.deploy(lambda fleet: only(fleet, "delta", image))
    assert played.rc != 0
    assert "delta: ROLLED BACK, PROVEN" in row(played, "delta"), played.out
    assert re.search("it ended [34] times", row(played, "delta")), played.out
    before.same("delta")
    assert delta.sh("docker inspect --format '{{.Config.Image}}' freqops-delta").strip() != image


def test_a_release_goes_back_by_hand_and_its_image_with_its_database(rollout: Rollout) -> None:
    before = Before(rollout)
    image = variant("other", "LABEL another=image")
    changed = rollout.deploy(lambda fleet: only(fleet, "delta", image))
    assert changed.rc == 0, changed.out
    delta = rollout.bots["delta"]
    assert delta.release_now != before.releases["delta"]
    assert delta.trade_ids() == before.trades["delta"]
    before.untouched("alpha", "beta", "epsilon")
    back = play("rollback", "-e", "bots=delta", "-e", "reason=test of the way back", inventory=rollout.inventory())
    assert back.rc == 0, back.out
    before.same("delta")
    delta.wish(enter=["ETH/USDT"])
    assert until("it trades on", lambda: len(delta.trades()) > len(before.trades["delta"]), GIVE_UP)
    delta.wish()
    assert PAIR in [trade["pair"] for trade in delta.trades()]
