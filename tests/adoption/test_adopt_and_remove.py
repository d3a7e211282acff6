"""From Postgres to Postgres, resumed, and taken off the host again; on a lab that is deployed."""

from __future__ import annotations

from tests.support.field import Field, Played, play
from tests.support.foreign import BOT, HOME, HOST, PORT, WHY, OldBot, adopt, incident_of, trades_of


def remove(*words: str) -> Played:
    """Remove the bot, which the lab's own inventory does not declare."""
    return play("remove", "--limit", HOST, "-e", f"bots={BOT}", "-e", "reason=not wanted", *words)


def test_from_postgres_to_postgres_then_resumed(old: OldBot, place: str) -> None:
    zeta = Field(HOST, BOT)
    old.up_with_postgres()
    before = old.open_trades()
    done = adopt(place, "-e", f"project={HOME}", "-e", "service=freqtrade")
    assert done.rc == 0, done.out
    assert trades_of(zeta) == before
    incident = incident_of(done)
    resumed = play("resume", "--limit", HOST, "-e", f"bots={BOT}", "-e", f"incident={incident}", "-e", WHY,
                    inventory=place)  # fmt: skip
    assert resumed.rc == 0, resumed.out
    assert (zeta.state(), zeta.level(), trades_of(zeta)) == ("running", 0, before)
    undone = adopt(place, "-e", "undo=true")
    assert undone.rc != 0
    assert "was resumed since it was adopted" in undone.out
    assert old.container()[0] == "exited"


def test_not_while_trades_are_open(old: OldBot) -> None:
    zeta = Field(HOST, BOT)
    before = zeta.trades()
    played = remove()
    assert played.rc != 0
    assert "its API has 1 BTC/USDT, 2 ETH/USDT open" in played.out
    assert len(before) == len(zeta.trades()) == 2
    assert old.field.tool("status --json")[1]["bots"][-1]["trader"] == "running"


def test_flat_it_goes_and_nothing_is_left(old: OldBot, place: str) -> None:
    sold = play(
        "killswitch", "--limit", HOST, "-e", f"bots={BOT}", "-e", "level=2", "-e", "reason=sell", inventory=place
    )
    assert sold.rc == 0, sold.out
    played = remove()
    assert played.rc == 0, played.out
    assert "zeta is not in the inventory" in played.out
    seen = (
        "docker ps --all --format '{{.Names}}'; docker network ls --format '{{.Name}}'; ls /srv/freqops/bots; ss -ltn"
    )
    there = old.sh(seen)
    assert "zeta" not in there
    assert f":{PORT} " not in there
    psql = "docker exec freqops-postgres psql --username postgres --tuples-only --no-align"
    assert "zeta" not in old.sh(psql + " --command '\\l' --command '\\du'")
    kept = old.sh("find /srv/freqops/removed -path '*/zeta-*' -type f -printf '%m %u %f\\n'").splitlines()
    assert {line.split(" ", 2)[0] for line in kept} == {"400"}
    assert {"zeta_paper.dump", "bot.json", "secrets.json", "config.json"} <= {line.split()[-1] for line in kept}


def test_the_second_time_there_is_nothing_to_do() -> None:
    played = remove()
    assert played.rc == 0, played.out
    assert "there is nothing of it on this host" in played.out
    assert "changed=0" in played.out
