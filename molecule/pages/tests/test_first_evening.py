"""The first host, every day, and uninstall: each command as the page has it, typed in order on a bare host."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator

import pytest
import yaml

from lab.base.paths import INVENTORY
from lab.services.control import control
from lab.services.prices import all_pairs
from tests.support.field import ROOT, Field
from tests.support.reader import Reader, reader

HOST = "paper-1"
HERE_ALREADY = {"git clone": "the clone is there", "scripts/bootstrap": "and its environment"}
STRATEGY = """
from freqtrade.strategy import IStrategy

from helpers.signals import never


class YourStrategy(IStrategy):
    timeframe = "5m"
    minimal_roi = {"0": 0.1}
    stoploss = -0.1

    def populate_indicators(self, dataframe, metadata):
        return dataframe

    def populate_entry_trend(self, dataframe, metadata):
        dataframe["enter_long"] = never(dataframe)
        return dataframe

    def populate_exit_trend(self, dataframe, metadata):
        return dataframe
"""
NEXT = """set -e
container=$(docker create {image})
docker commit --change 'LABEL next=release' "$container" {name} >/dev/null
docker rm "$container" >/dev/null
docker push --quiet {name} >/dev/null
docker image inspect --format '{{{{index .RepoDigests 0}}}}' {name}
"""


@pytest.fixture(scope="module")
def you() -> Iterator[Reader]:
    """Somebody with a bare host, and a strategy."""
    subprocess.run([sys.executable, "-m", "lab", "reset", HOST], cwd=ROOT, check=True)
    control("DELETE", "/faults")
    all_pairs(0)
    lab = yaml.safe_load((INVENTORY / "group_vars/lab.yml").read_text())
    images = {
        "freqtradeorg/freqtrade@sha256:<digest>": lab["freqtrade_image"],
        "postgres@sha256:<digest>": lab["postgres_image"],
    }
    with reader(images) as found:
        helpers = found.home / "strategies/beta/helpers"
        helpers.mkdir(parents=True)
        (helpers / "signals.py").write_text("def never(dataframe):\n    return 0\n")
        (helpers.parent / "YourStrategy.py").write_text(STRATEGY)
        yield found


@pytest.fixture(scope="module")
def host() -> Field:
    return Field(HOST, "alpha")


def test_the_first_host(you: Reader, host: Field) -> None:
    you.follow("first-host.md", {**HERE_ALREADY, "ssh-copy-id": "the host has the key"})
    assert "ALL PROVEN" in you.said("FREQOPS_REASON='first try'")
    assert "api_port: 8082" in you.said("make add-bot")
    assert "max_open_trades: 2  # its config" in you.said("ansible-playbook playbooks/config.yml")
    assert host.sh("docker ps --format '{{.Names}}'").split().count("freqops-beta") == 1
    assert you.said("ansible-playbook playbooks/deploy.yml").count("alpha") < 10


def test_every_day(you: Reader, host: Field) -> None:
    """One value, a restart, a stop and a start, another image for one bot, and the way back."""
    image = next(iter(you.images.values()))
    name = f"{image.partition('@')[0]}:next"
    digest = host.sh(NEXT.format(image=image, name=name)).split()[-1]
    assert re.fullmatch(r"\S+@sha256:[0-9a-f]{64}", digest), digest
    assert digest != image
    you.images = {**you.images, "freqtradeorg/freqtrade@sha256:<digest of the next release>": digest}
    before = host.sh("docker inspect --format '{{.State.StartedAt}}' freqops-alpha")
    you.follow("every-day.md")
    assert "max_open_trades: 1  # its config" in you.said("ansible-playbook playbooks/config.yml")
    assert host.sh("docker inspect --format '{{.Config.Image}}' freqops-alpha").strip() == digest
    assert host.sh("docker inspect --format '{{.Config.Image}}' freqops-beta").strip() == image
    assert host.sh("docker inspect --format '{{.State.StartedAt}}' freqops-alpha") != before
    release = host.sh("cat /srv/freqops/bots/beta/bot.json")
    assert '"release"' in release


def test_the_image_of_one_bot_becomes_that_of_all_without_a_restart(you: Reader, host: Field) -> None:
    """What the page promises of the upgrade of one bot first."""
    before = host.sh("docker inspect --format '{{.Id}} {{.State.StartedAt}}' freqops-alpha")
    next_image = you.images["freqtradeorg/freqtrade@sha256:<digest of the next release>"]
    hosts = you.clone / "inventories/mine/hosts.yml"
    shared = you.clone / "inventories/mine/group_vars/all.yml"
    hosts.write_text(hosts.read_text().replace(f"          freqtrade_image: {next_image}\n", ""))
    assert next_image not in hosts.read_text()
    shared.write_text(shared.read_text().replace(you.images["freqtradeorg/freqtrade@sha256:<digest>"], next_image))
    you.type("ansible-playbook playbooks/deploy.yml")
    assert host.sh("docker inspect --format '{{.Id}} {{.State.StartedAt}}' freqops-alpha") == before
    assert host.sh("docker inspect --format '{{.Config.Image}}' freqops-beta").strip() == next_image


def test_uninstall(you: Reader, host: Field) -> None:
    you.follow("uninstall.md")
    assert host.sh("docker ps --all --quiet") == ""
    left = host.sh("ls -d /srv/freqops /usr/local/bin/freqops-host /etc/systemd/system/freqops* 2>/dev/null; nft list tables")
    assert "freqops" not in left
