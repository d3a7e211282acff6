"""The first host, every day, and uninstall: each command as the page has it, typed in order on bare hosts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from tests.support.field import Field, until
from tests.support.patience import GIVE_UP
from tests.support.reader import Reader, reader

HOST, SECOND = "paper-1", "prod-1"
PLANNED = "FREQOPS_REASON='by plan' ansible-playbook playbooks/bots.yml -e action={} -e bots=beta"
HERE_ALREADY = {"git clone": "the clone is there", "scripts/bootstrap": "and its environment"}
RUNS = "docker inspect --format '{{.Id}} {{.State.StartedAt}}' freqops-alpha"
NEXT = """set -e
container=$(docker create {image})
docker commit --change 'LABEL next=release' "$container" {name} >/dev/null
docker rm "$container" >/dev/null
docker push --quiet {name} >/dev/null
docker image inspect --format '{{{{index .RepoDigests 0}}}}' {name}
"""


@pytest.fixture(scope="module")
def you(bare: None, lab: dict[str, Any]) -> Iterator[Reader]:
    """Somebody with two bare hosts."""
    images = {
        "freqtradeorg/freqtrade@sha256:<digest>": lab["freqtrade_image"],
        "postgres@sha256:<digest>": lab["postgres_image"],
    }
    with reader(images) as found:
        yield found


@pytest.fixture(scope="module")
def host() -> Field:
    return Field(HOST, "alpha")


def test_the_first_host(you: Reader, host: Field) -> None:
    second = "## 7. A second bot"
    you.follow("first-host.md", {**HERE_ALREADY, "ssh-copy-id": "the host has the key"}, upto=second)
    first = host.sh(RUNS)
    you.follow("first-host.md", since=second)
    assert host.sh(RUNS) == first, "the deploy of the second bot does not touch the first one"
    assert "ALL PROVEN" in you.said("FREQOPS_REASON='first try'")
    assert "api_port: 8082" in you.said("make add-bot")
    assert "max_open_trades: 2  # its config" in you.said("ansible-playbook playbooks/config.yml")
    assert host.sh("docker ps --format '{{.Names}}'").split().count("freqops-beta") == 1


def test_a_second_host(you: Reader) -> None:
    you.follow("hosts-and-groups.md")
    table = you.said("ansible-playbook playbooks/status.yml")
    words = [line.split()[:2] for line in table.splitlines() if line.startswith(("paper-1 ", "paper-2 "))]
    rows = [row for row in words if row[1] != ":"]  # which is Ansible's own summary
    assert rows == [["paper-1", "alpha"], ["paper-1", "beta"], ["paper-2", "gamma"]]


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
    starts = host.sh("cat /srv/freqops/bots/beta/var/levels_of_starts.csv").splitlines()
    assert len(starts) > 1, "what a strategy writes is kept over releases"
    assert all("BTC/USDT=" in start for start in starts), "what it reads is there"


def test_a_bot_that_is_stopped_by_plan_stays_so_over_a_reboot(you: Reader, host: Field) -> None:
    you.type(PLANNED.format("stop"))
    host.host.reboot()
    until("its engine is up", lambda: host.host.run("sudo docker info").rc == 0, GIVE_UP)
    until("the other bot is up", lambda: host.state() == "running", GIVE_UP)
    assert "stopped by plan since" in host.host.run("sudo freqops-host status").out
    assert host.sh("docker ps --quiet --filter name=freqops-beta") == ""


def test_the_image_of_one_bot_becomes_that_of_all_without_a_restart(you: Reader, host: Field) -> None:
    """What the page promises of the upgrade of one bot first. One that is stopped by plan runs it from its start on."""
    before = host.sh(RUNS)
    next_image = you.images["freqtradeorg/freqtrade@sha256:<digest of the next release>"]
    hosts = you.clone / "inventories/mine/hosts.yml"
    shared = you.clone / "inventories/mine/group_vars/all.yml"
    fleet = yaml.safe_load(hosts.read_text())
    [alpha, _] = fleet["paper"]["hosts"]["paper-1"]["freqtrade_bots"]
    assert alpha.pop("freqtrade_image") == next_image
    hosts.write_text(yaml.safe_dump(fleet))
    shared.write_text(shared.read_text().replace(you.images["freqtradeorg/freqtrade@sha256:<digest>"], next_image))
    assert "stopped by plan" in you.type("ansible-playbook playbooks/deploy.yml")
    assert host.sh(RUNS) == before
    assert host.sh("docker ps --quiet --filter name=freqops-beta") == ""
    you.type(PLANNED.format("start"))
    assert host.sh("docker inspect --format '{{.Config.Image}}' freqops-beta").strip() == next_image


def test_uninstall(you: Reader, host: Field) -> None:
    """Docker stays, on both hosts: it is not ours to take away."""
    everything = "## Everything on a host"
    you.follow("uninstall.md", upto=everything)
    hosts = you.clone / "inventories/mine/hosts.yml"  # out of which the page has the bot taken
    fleet = yaml.safe_load(hosts.read_text())
    fleet["paper"]["hosts"]["paper-1"]["freqtrade_bots"].pop()
    hosts.write_text(yaml.safe_dump(fleet))
    you.follow("uninstall.md", since=everything)
    for command in [typed for typed, _ in you.typed[-3:]]:
        you.type(command.replace("paper-1", "paper-2").replace("192.0.2.10", "192.0.2.11"))
    assert host.sh("docker ps --all --quiet") == ""
    left = host.sh(
        "ls -d /srv/freqops /usr/local/bin/freqops-host /etc/systemd/system/freqops* 2>/dev/null; nft list tables"
    )
    assert "freqops" not in left
