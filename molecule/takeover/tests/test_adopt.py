"""A foreign Freqtrade becomes a bot of freqops, with the trades that it had; and comes back as it was."""

from __future__ import annotations

import json

import pytest

from tests.support.field import Field, until
from tests.support.foreign import BOT, HOME, HOST, ONE_OFF, PAIRS, PASSWORD, OldBot, adopt, trades_of
from tests.support.patience import GIVE_UP


@pytest.fixture
def zeta() -> Field:
    return Field(HOST, BOT)


def test_a_check_shows_what_will_change_and_touches_nothing(old: OldBot, place: str) -> None:
    old.up_with_sqlite()
    before = (old.container(), old.open_trades(), old.field.sh("ls /srv/freqops/bots"))
    played = adopt(place, "-e", f"project={HOME}/docker-compose.yml", "--check", "-vv")
    assert played.rc == 0, played.out
    assert "runs as | freqtrade of /opt/ft/docker-compose.yml | freqops-zeta" in played.out
    assert "open trades | 1 BTC/USDT, 2 ETH/USDT | the same" in played.out
    assert PASSWORD not in played.out
    assert (old.container(), old.open_trades(), old.field.sh("ls /srv/freqops/bots")) == before


def test_a_one_off_container_that_trades_is_a_second_bot_until_it_ended(old: OldBot, place: str) -> None:
    """That it is none any more is seen in the next test, which takes it away."""
    old.one_off()
    played = adopt(place, "-e", f"project={HOME}", "--check")
    assert played.rc != 0
    assert f"{ONE_OFF} of 'docker compose run' may trade, a second bot" in played.out
    old.sh(f"docker stop --time 20 {ONE_OFF}")


def test_what_would_be_left_behind_is_named_and_may_be_accepted(old: OldBot, place: str) -> None:
    """A messenger, a setting, and other code of its strategy than the one that the new bot would have."""
    before = old.container()
    dropped = "accept_dropped=webhook,max_open_trades,strategy"
    with old.configured(max_open_trades=5, webhook={"enabled": True, "url": "http://192.0.2.1/"}), old.other_code():
        played = adopt(place, "-e", f"project={HOME}", "--check")
        accepted = adopt(place, "-e", f"project={HOME}", "-e", dropped, "--check")
    old.sh(f"docker rm {ONE_OFF}")
    assert played.rc != 0
    assert "its webhook will be off after the adoption" in played.out
    assert "max_open_trades (5; zeta: 3)" in played.out
    said = " ".join(played.out.split())
    assert "the code of its strategy would change by strategy.ContractStrategy.py (sha256 " in said, played.out
    assert "accept_dropped=max_open_trades,webhook,strategy.ContractStrategy.py" in said, played.out
    assert accepted.rc == 0, accepted.out
    assert "not brought along: max_open_trades | 5 | 3" in accepted.out
    assert "not brought along: strategy.ContractStrategy.py | sha256 " in accepted.out
    assert old.container()[0] == before[0] == "running"


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("-e", f"project={HOME}", "-e", "service=other"), "the project has no service other"),
        (("-e", "undo=true"), "nothing to undo"),
    ],
)
def test_what_is_not_to_be_adopted_is_refused(old: OldBot, place: str, words: tuple[str, ...], why: str) -> None:
    before = old.container()
    played = adopt(place, *words)
    assert played.rc != 0
    assert why in played.out
    assert old.container() == before


def test_it_comes_up_paused_and_held_with_the_same_trades(old: OldBot, place: str, zeta: Field) -> None:
    """From SQLite into the bot's Postgres, by Freqtrade's own conversion."""
    before = old.open_trades()
    played = adopt(place, "-e", f"project={HOME}", "-vv")
    assert played.rc == 0, played.out
    assert PASSWORD not in played.out
    assert old.container()[0] == "exited"
    assert old.container()[2] == "no:0"
    assert (zeta.state(), zeta.level()) == ("paused", 1)
    assert [hold["holder"] for hold in zeta.holds()["holds"]] == ["restore"]
    assert trades_of(zeta) == before


def test_one_command_gives_the_old_one_back(old: OldBot, place: str) -> None:
    played = adopt(place, "-e", "undo=true")
    assert played.rc == 0, played.out
    state, _, policy = old.container()
    assert (state, policy) == ("running", "on-failure:7")
    trades = [(number, pair, amount) for (number, pair), amount in zip(enumerate(PAIRS, 1), old.amounts, strict=True)]
    until("it answers", lambda: old.open_trades() == trades, GIVE_UP)
    assert "freqops-zeta" not in old.field.sh("docker ps --all --format '{{.Names}}'")
    assert "zeta" not in old.field.sh("ls /srv/freqops/bots")


def test_the_copies_are_root_s_alone(old: OldBot) -> None:
    found = json.loads(old.sh("stat --format '\"%A %u\"' /srv/freqops/adopted | head -1"))
    assert found == "drwx------ 0"
