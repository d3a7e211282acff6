"""Deploys that must fail, and leave every running bot running, with its trades; the others are in tests/rollout."""

from __future__ import annotations

from tests.support.fleet import Fleet, bot
from tests.support.images import variant
from tests.support.rollout import BOTS, CONTRACT, HOST, RAISES, RAISES_LATE, Before, Rollout, added, only, row


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
    played = rollout.deploy(three_fail, "-e", "accept_effective=true")  # the fourth has open trades
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


def test_trades_that_were_written_since_are_kept_and_the_bot_is_halted(rollout: Rollout) -> None:
    image = variant("third", "LABEL third=image")
    delta = rollout.bots["delta"]
    trades = delta.trade_ids()

    def enters_and_raises(text: str) -> str:
        return added(text.replace('self._wishes("enter")', '["BTC/USDT", "ETH/USDT"]'), RAISES_LATE)

    def sick(fleet: Fleet) -> None:
        only(fleet, "delta", image)
        bot(fleet, HOST, "delta")["strategy_dir"] = rollout.strategy("late", CONTRACT, enters_and_raises)

    played = rollout.deploy(sick)
    assert played.rc != 0
    assert "trades were written since" in row(played, "delta"), played.out
    assert (delta.level(), delta.state()) == (1, "paused")
    assert trades < delta.trade_ids()
    delta.resume()


def test_open_trades_go_on_by_what_they_were_entered_by_until_another_value_is_accepted(rollout: Rollout) -> None:
    """Its strategy is found from the directory of the inventory, where the comparison finds it, too."""
    before, delta = Before(rollout), rollout.bots["delta"]
    rollout.strategy("relative", CONTRACT)

    def other(fleet: Fleet) -> None:
        bot(fleet, HOST, "delta")["config"]["max_open_trades"] = 5
        bot(fleet, HOST, "delta")["strategy_dir"] = "../strategies/relative"

    refused = rollout.deploy(other)
    assert refused.rc != 0
    assert "max_open_trades: 3 becomes 5, said by the configuration" in row(refused, "delta"), refused.out
    before.untouched(*BOTS)
    rollout.keep(other)
    accepted = rollout.deploy(lambda _fleet: None, "-e", "accept_effective=true")
    assert accepted.rc == 0, accepted.out
    assert "max_open_trades: 3 becomes 5, said by the configuration" in accepted.out
    assert (delta.trade_ids(), delta.state()) == (before.trades["delta"], "running")
    assert rollout.deploy().out.count("nothing to do:") == 1
    rollout.strategy("relative", CONTRACT, lambda text: f"{text}# another line\n")
    changed = rollout.deploy()
    assert changed.rc == 0, changed.out
    assert "another line" in delta.sh(f"cat {delta.home}/release/{delta.release_now}/strategies/{CONTRACT.name}")
    assert delta.trade_ids() == before.trades["delta"]
