"""What comes in between: a second deploy, and a halt; what else may come is in tests/rollout."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from tests.support.field import until
from tests.support.fleet import bot
from tests.support.patience import GIVE_UP
from tests.support.rollout import HOST, Before, Rollout, switching


def test_a_second_deploy_is_refused_and_a_halt_wins(rollout: Rollout) -> None:
    before, delta = Before(rollout), rollout.bots["delta"]
    with switching(rollout, "first") as first:
        second = rollout.deploy(lambda fleet: bot(fleet, HOST, "epsilon")["config"].update(max_open_trades=7))
        assert second.rc != 0
        assert "deploys here" in second.out, second.out
        with ThreadPoolExecutor(max_workers=1) as pool:
            halt = pool.submit(delta.halt, 1, reason="while it is deployed", more=f"--deadline {GIVE_UP}")
            until("its hold is on the disk", lambda: delta.level() == 1, GIVE_UP)
            delta.wish()
            rc, row = halt.result()
        assert rc == 0, row
        ended = first.ended()
    assert ended.rc == 0, ended.out
    assert (delta.level(), delta.state()) == (1, "paused")
    assert delta.release_now != before.releases["delta"]
    before.untouched("alpha", "beta", "epsilon")
    delta.resume()
    assert delta.trade_ids() == before.trades["delta"]
