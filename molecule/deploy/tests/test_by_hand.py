"""What somebody did by hand on a host, and what a deploy makes of it; and what a refused first deploy leaves."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any

import pytest

from tests.support.field import ROOT, Field, play
from tests.support.fleet import Fleet, bot, inventory

HOST, BOT, POSTGRES = "paper-1", "freqops-alpha", "freqops-postgres"
LIMIT = ("--limit", HOST)
COMPOSE = "/srv/freqops/bots/beta/compose.yml"
RESTARTS = 'HostConfig.RestartPolicy is {"MaximumRetryCount": 0, "Name": "no"}'
POLICY = "{{.HostConfig.RestartPolicy.Name}}"
NAMES = "select datname from pg_database union select rolname from pg_roles"


@pytest.fixture
def alpha() -> Field:
    return Field(HOST, "alpha")


def inspected(alpha: Field, form: str, *containers: str) -> list[str]:
    return alpha.sh(f"docker inspect --format '{form}' {' '.join(containers or (BOT,))}").splitlines()


def deployed(fleet: str | None = None) -> str:
    """Deploy the host, which must end well, and return what was said."""
    done = play("deploy", *LIMIT, inventory=fleet)
    assert done.rc == 0, done.out
    return done.out


def refused_strategy(place: Path) -> Path:
    """Write a strategy that cannot be imported, and return its directory."""
    strategies = place / "strategies"
    strategies.mkdir()
    source = (ROOT / "strategies/MaCrossoverStrategy.py").read_text()
    (strategies / "MaCrossoverStrategy.py").write_text(f"import no_such_module_of_anybody\n{source}")
    return strategies


def more(fleet: Fleet, strategies: Path) -> None:
    """Declare a bot more, with a strategy from there."""
    new: dict[str, Any] = {"name": "omega", "mode": "paper", "api_port": 8099, "strategy": "MaCrossoverStrategy"}
    fleet[HOST]["freqtrade_bots"].append({**new, "strategy_dir": str(strategies)})


def test_what_was_changed_or_made_by_hand_is_named_and_put_right(alpha: Field) -> None:
    """Compose's own marks are on all containers, so Compose would leave them."""
    alpha.sh(f"docker update --restart=no {BOT} {POSTGRES}")
    before = alpha.sh(f"cat {COMPOSE}")
    alpha.sh(f"sed -i 's/read_only: true/read_only: false/' {COMPOSE}")
    status = play("status", *LIMIT)
    assert status.rc != 0
    why = f"{RESTARTS}, not {RESTARTS.partition(' is ')[2].replace('no', 'unless-stopped')}"
    assert "beta: its compose.yml is not that of its release" in status.out, status.out
    assert f"{BOT} is not as it was made: {why}; a deploy makes it again" in status.out, status.out
    assert f"{POSTGRES} is not as it was made: {why}; a deploy makes it again" in status.out, status.out

    [config] = [each["Config"] for each in json.loads(alpha.sh(f"docker inspect {BOT}"))]
    image, marks = config["Image"], [f"{name}={value}" for name, value in config["Labels"].items()]
    labels = " ".join(f"--label {shlex.quote(mark)}" for mark in marks)
    mount = "--volume /srv/freqops/bots/alpha/conf:/freqops/conf:ro"
    alpha.sh(f"docker rm --force {BOT}")
    words = f"--privileged --user 0 --stop-signal KILL {labels} {mount} --entrypoint sleep {image} 3600"
    alpha.sh(f"docker run --detach --name {BOT} {words}")
    said = deployed()
    for each in (BOT, POSTGRES):
        assert f"{each} is not as it was made" in said, said
    assert "HostConfig.Privileged is true, not unset" in said, said
    assert "Config.Entrypoint is " in said
    assert inspected(alpha, POLICY, BOT, POSTGRES) == ["unless-stopped"] * 2
    assert inspected(alpha, "{{.HostConfig.Privileged}} {{.Config.User}}") == ["false 1000:1000"]
    assert f"{COMPOSE} was changed" in said
    assert alpha.sh(f"cat {COMPOSE}") == before
    assert inspected(alpha, "{{.HostConfig.ReadonlyRootfs}}", "freqops-beta") == ["true"]
    assert alpha.state() == "running"
    assert "nothing to do" in deployed()


def test_a_container_of_somebody_else_is_left_and_another_initial_state_is_proven(alpha: Field, tmp_path: Path) -> None:
    image = inspected(alpha, "{{.Config.Image}}")[0]
    alpha.sh(f"docker rm --force {BOT}")
    alpha.sh(f"docker run --detach --name {BOT} --entrypoint sleep {image} 3600")
    number = inspected(alpha, "{{.Id}}")
    try:
        checked, refused = play("deploy", *LIMIT, "--check"), play("deploy", *LIMIT)
        assert checked.rc != 0
        assert "WOULD BE REFUSED" in checked.out, checked.out
        assert refused.rc != 0
        assert f"a container called {BOT} is there that is not freqops' own: it was made by hand" in refused.out
        assert f"'docker stop {BOT}' and 'docker rm {BOT}'" in refused.out, refused.out
        assert inspected(alpha, "{{.Id}}") == number, "nothing of somebody else is touched"
    finally:
        alpha.sh(f"docker stop --time 0 {BOT} && docker rm {BOT}")

    def change(fleet: Fleet) -> None:
        bot(fleet, HOST, "alpha")["initial_state"] = "stopped"
        bot(fleet, HOST, "beta")["initial_state"] = "paused"

    def change_and_more(fleet: Fleet) -> None:
        change(fleet)
        more(fleet, refused_strategy(tmp_path))

    beta = Field(HOST, "beta")
    alpha.sh(f"docker update --restart=no {POSTGRES}")
    checked = play("deploy", *LIMIT, "--check", "--diff", inventory=inventory(tmp_path, change_and_more))
    assert checked.rc == 0, checked.out
    foretold = " ".join(checked.out.split())
    assert "omega: Freqtrade was not asked whether it accepts release" in foretold, checked.out
    assert f"Postgres: its container would be made again: {RESTARTS}" in foretold, checked.out
    assert "-HostConfig.RestartPolicy: " in checked.out, checked.out
    for state in ("stopped", "paused"):
        assert f'and would be "{state}"; it would be started again' in foretold, foretold
    deployed(inventory(tmp_path, change))
    assert [(field.state(), field.level()) for field in (alpha, beta)] == [("stopped", 0), ("paused", 0)]


def test_a_first_deploy_that_is_refused_leaves_nothing(alpha: Field, tmp_path: Path) -> None:
    """What a check says of it before, when nothing of it lies there, is seen in the test above."""
    strategies = refused_strategy(tmp_path)
    wanted = inventory(tmp_path, lambda fleet: more(fleet, strategies))
    refused = play("deploy", *LIMIT, inventory=wanted)
    assert refused.rc != 0
    assert "omega was not touched" in refused.out, refused.out
    checked = play("deploy", *LIMIT, "--check", inventory=wanted)
    assert checked.rc != 0, "what lies there can be asked about"
    assert "omega was not touched" in checked.out, checked.out

    rc, answer = alpha.tool("status --json")
    assert (rc, [row["bot"] for row in answer["bots"]]) == (0, ["alpha", "beta"])
    said = deployed()
    assert [Field(HOST, name).state() for name in ("alpha", "beta")] == ["running"] * 2
    assert "omega was never installed: what was laid out is gone" in said
    assert json.loads(alpha.sh("test -e /srv/freqops/bots/omega && echo true || echo false")) is False
    psql = f"docker exec {POSTGRES} psql --username postgres --tuples-only --no-align"
    assert "omega_paper" not in alpha.sh(f"{psql} --command '{NAMES}'").split()
