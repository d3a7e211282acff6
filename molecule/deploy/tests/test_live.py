"""What stands on a host with a live bot after deploy.yml, and where its exchange key must not be."""

from __future__ import annotations

import json
from typing import Any

testinfra_hosts = ["ansible://prod"]
HOME = "/srv/freqops/bots/gamma"


def as_root(host: Any, command: str) -> str:
    """Run a command as root and return what it printed."""
    with host.sudo():
        done = host.run(command)
    assert done.rc == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return str(done.stdout)


def test_the_bot_trades_live(host: Any) -> None:
    [row] = json.loads(as_root(host, "freqops-host status --json"))["bots"]
    assert (row["bot"], row["mode"], row["trader"], row["problems"]) == ("gamma", "live", "running", [])


def test_its_stops_are_on_the_exchange(host: Any) -> None:
    release = json.loads(as_root(host, f"cat {HOME}/bot.json"))["release"]
    config = json.loads(as_root(host, f"cat {HOME}/release/{release}/config.json"))
    assert config["dry_run"] is False
    assert config["order_types"]["stoploss_on_exchange"] is True


def test_its_exchange_key_is_in_its_file_and_nowhere_else(host: Any) -> None:
    with host.sudo():
        found = host.file(f"{HOME}/conf/secrets.json")
        assert (found.uid, oct(found.mode)) == (1000, "0o400")
    exchange = json.loads(as_root(host, f"cat {HOME}/conf/secrets.json"))["exchange"]
    assert all(len(exchange[name]) == 64 for name in ("key", "secret"))
    as_root(host, "freqops-host halt --level 1 --reason 'look at the evidence'")
    places = {
        "docker inspect": as_root(host, "docker inspect freqops-gamma"),
        "process list": as_root(host, "ps axww -o args"),
        "environment": as_root(host, "cat /proc/[0-9]*/environ | tr '\\0' '\\n'"),
        "logs": as_root(host, f"docker logs freqops-gamma 2>&1; cat {HOME}/var/logs/freqtrade.log"),
        "journal": as_root(host, "journalctl --no-pager --lines 5000"),
        "release": as_root(host, f"cat {HOME}/release/*/config.json {HOME}/compose.yml {HOME}/bot.json"),
        "incidents": as_root(host, "cat /srv/freqops/incidents/*/*"),
    }
    leaks = [place for place, text in places.items() for name in ("key", "secret") if exchange[name] in text]
    assert leaks == []
