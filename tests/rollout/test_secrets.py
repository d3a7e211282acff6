"""Secrets are in the files of their bots and nowhere else, when a deploy goes well and when it does not."""

from __future__ import annotations

import json
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import yaml

from tests.support.field import ROOT, play
from tests.support.fleet import Fleet, bot
from tests.support.rollout import BOTS, CONTRACT, HOST, RAISES, Rollout, added

WATCH = "timeout 400 sh -c 'while ! test -e /run/watched; do ps axww -o args; sleep 0.1; done > /run/watch'"
ON_THE_HOST = {
    "docker inspect": "docker ps --all --quiet | xargs docker inspect",
    "environment": "cat /proc/[0-9]*/environ | tr '\\0' '\\n'",
    "container logs": "docker ps --all --quiet | xargs --max-args=1 docker logs 2>&1",
    "bot logs": "cat /srv/freqops/bots/*/var/logs/*",
    "logs of freqops": "cat /srv/freqops/user_data/logs/*",
    "journal": "journalctl --no-pager --lines 20000",
    "releases": "cat /srv/freqops/bots/*/release/*/*.json /srv/freqops/bots/*/*.json /srv/freqops/bots/*/compose.yml",
    "incidents": "cat /srv/freqops/incidents/*/*",
    "notes of freqops": "cat /srv/freqops/*.json",
    "what Ansible left": "find /tmp /root /home -type f -size -4M -exec cat {} + 2>/dev/null | tr -cd '[:print:]\\n'",
    "process list": "cat /run/watch",
}
HERE = (ROOT / ".cache", ROOT / "incidents", Path.home() / ".ansible" / "tmp")


@contextmanager
def watched(rollout: Rollout) -> Iterator[set[str]]:
    """Note every command line of this machine and of the host while the block runs."""
    field, over, seen = rollout.bots["alpha"], threading.Event(), set[str]()

    def here() -> None:
        while not over.wait(0.02):
            for path in Path("/proc").glob("[0-9]*/cmdline"):
                try:
                    seen.add(path.read_bytes().decode(errors="replace"))
                except OSError:  # it ended while we looked
                    continue

    field.sh("rm -f /run/watched /run/watch")
    watchers = [threading.Thread(target=here), threading.Thread(target=field.sh, args=(WATCH,))]
    for watcher in watchers:
        watcher.start()
    try:
        yield seen
    finally:
        over.set()
        field.sh("touch /run/watched")
        for watcher in watchers:
            watcher.join(60)


def in_use(rollout: Rollout) -> set[str]:
    """Return every secret of every bot of the host."""
    found: set[str] = set()
    for name in BOTS:
        document = json.loads(rollout.bots[name].sh(f"cat /srv/freqops/bots/{name}/conf/secrets.json"))
        found |= {document["api_server"][key] for key in ("password", "jwt_secret_key", "ws_token")}
        found |= {str(value) for value in document.get("exchange", {}).values()}
        found.add(document["db_url"].partition("://")[2].partition("@")[0].partition(":")[2])
    return {secret for secret in found if secret}


def test_no_secret_leaves_its_file(rollout: Rollout) -> None:
    canaries = {"key": secrets.token_hex(24), "secret": secrets.token_hex(24)}

    def one_fails(fleet: Fleet) -> None:
        bot(fleet, HOST, "epsilon")["strategy_dir"] = rollout.strategy(
            "leaks", CONTRACT, lambda text: added(text, RAISES)
        )

    place = Path(rollout.inventory(one_fails))
    document = yaml.safe_load((place / "secrets.yml").read_text())
    document["secrets_exchange"]["delta"] = canaries
    (place / "secrets.yml").write_text(yaml.safe_dump(document))
    with watched(rollout) as seen:
        played = play("deploy", "--limit", HOST, "-vvvv", "--diff", inventory=str(place))
    assert played.rc != 0
    assert "epsilon: ROLLED BACK, PROVEN" in played.out, played.out[-3000:]
    assert rollout.bots["delta"].state() == "running", "the one with new secrets went well"
    known = in_use(rollout)
    assert set(canaries.values()) <= known
    assert len(known) >= 4 * len(BOTS)
    field = rollout.bots["alpha"]
    places = {name: field.sh(command) for name, command in ON_THE_HOST.items()}
    places |= {"output": played.out, "process list of the control node": "\n".join(seen)}
    for directory in HERE:
        files = [path for path in directory.rglob("*") if path.is_file()]
        places[str(directory)] = "\n".join(path.read_bytes().decode(errors="replace") for path in files)
    assert "switch" in places["process list"], "nothing was watched"
    leaks = sorted({place for place, text in places.items() for secret in known if secret in text})
    assert leaks == []
