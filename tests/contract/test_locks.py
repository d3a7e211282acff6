"""The pair lock that backs every hold."""

from __future__ import annotations

from typing import Any

from tests.contract.bot import Bot, reason

PAIR = "ETH/USDT"


def _all(bot: Bot) -> list[dict[str, Any]]:
    return list(bot.api.call("GET", "/locks")["locks"])


def test_a_lock_stands_and_is_not_set_twice(bot: Bot) -> None:
    """A lock stands as it was set, and once, however often freqops sets it."""
    mine = reason()
    assert not bot.api.has_lock(mine)
    bot.api.lock(mine)
    bot.api.lock(mine)
    assert bot.api.has_lock(mine)
    assert [lock["reason"] for lock in bot.api.our_locks()] == [mine]


def test_a_lock_until_2287_or_later_is_answered_with_200_and_is_none(bot: Bot) -> None:
    """A lock until 2287 or later is answered with 200 and does not exist.

    So freqops locks until 2099, and believes the list alone.
    """
    mine = reason()
    for until in ("2287-01-01T00:00:00Z", "2300-01-01T00:00:00Z"):
        bot.api.call("POST", "/locks", [{"pair": "*", "until": until, "side": "*", "reason": mine}])
    assert not bot.api.has_lock(mine)


def test_a_lock_that_ends_too_early_is_not_ours(bot: Bot) -> None:
    """A lock of our name that ends too early counts as none."""
    mine = reason()
    bot.api.call("POST", "/locks", [{"pair": "*", "until": "2090-01-01T00:00:00Z", "side": "*", "reason": mine}])
    assert [lock["reason"] for lock in bot.api.our_locks()] == [mine]
    assert not bot.api.has_lock(mine)


def test_unlocking_by_number_leaves_the_others(bot: Bot) -> None:
    """Unlocking by number leaves all other locks.

    So a release takes its own lock and no other.
    """
    first, second = reason(), reason()
    bot.api.lock(first)
    bot.api.lock(second)
    bot.api.call("POST", "/locks", [{"pair": "*", "until": "2099-01-01T00:00:00Z", "reason": "a protection's"}])
    (number,) = (lock["id"] for lock in bot.api.our_locks() if lock["reason"] == first)
    bot.api.unlock(number)
    assert not bot.api.has_lock(first)
    assert bot.api.has_lock(second)
    assert {lock["reason"] for lock in _all(bot)} == {second, "a protection's"}


def test_unlocking_by_pair_takes_everybodys(bot: Bot) -> None:
    """Unlocking by pair takes away everybody's locks.

    So freqops unlocks by number.
    """
    bot.api.lock(reason())
    bot.api.call("POST", "/locks", [{"pair": "*", "until": "2099-01-01T00:00:00Z", "reason": "a protection's"}])
    bot.api.call("POST", "/locks/delete", {"pair": "*"})
    assert _all(bot) == []


def test_a_lock_survives_a_reload(bot: Bot) -> None:
    """A lock survives a reload.

    So a reload needs no new lock.
    """
    mine = reason()
    bot.api.lock(mine)
    bot.reload("running")
    assert bot.api.has_lock(mine)


def test_a_lock_keeps_a_running_bot_from_entering(bot: Bot) -> None:
    """A global lock keeps a running bot from entering.

    So freqops sets one beside the pause.
    """
    mine = reason()
    bot.api.lock(mine)
    bot.wish(enter=[PAIR])
    bot.rounds(3)
    assert bot.api.open_trades() == []
    (number,) = (lock["id"] for lock in bot.api.our_locks())
    bot.api.unlock(number)
    assert bot.enter(PAIR)["pair"] == PAIR
