"""Deploy, run for real on broken copies of the lab's inventory: every reason at once, and nothing was touched."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from lab.base.paths import INVENTORY
from tests.support.field import BIN, ROOT, Field, Played, play, until

CANARY = "canary-4f1d9a7e6c-that-nobody-may-see"
LOOK = """
find /etc /usr/local /srv/freqops /var/lib/docker/containers -xdev \
    -not -path '*/var/*' -not -path '*/postgres/data*' -not -path '*/dumps*' -not -name '*.log' \
    -printf '%p %m %U %s %T@\\n' | sort
docker ps --all --no-trunc --format '{{.ID}} {{.Names}} {{.State}}'
docker inspect --format '{{.State.StartedAt}}' $(docker ps --quiet)
docker image ls --quiet --no-trunc
"""
PLACE = re.compile(r"^(?P<said>.*) \[(?P<file>[^\[\]]+):(?P<line>[0-9]+)\]$")
SKEW = "import time\nreal = time.time\ntime.time = lambda: real() - 60\n"
INTERPRETER = '#!/bin/sh\nexec env PYTHONPATH=/opt/freqops-test /usr/bin/python3 "$@"\n'
TAKE = "systemd-run --unit=freqops-test-port --collect python3 -m http.server --bind 127.0.0.1 --directory /srv 8090"
Hosts = dict[str, dict[str, Any]]


class Copy:
    """A copy of the lab's inventory, to be broken."""

    def __init__(self, home: Path) -> None:
        self.home = home
        shutil.copytree(INVENTORY, home, ignore=shutil.ignore_patterns(".ssh"))
        self.tree: dict[str, Any] = yaml.safe_load((home / "hosts.yml").read_text())
        self.hosts: Hosts = {name: found for group in self.tree.values() for name, found in self._in(group)}

    @staticmethod
    def _in(group: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
        return list((group.get("hosts") or {}).items())

    def bot(self, host: str, index: int, **changed: Any) -> None:
        """Change the entry of a bot."""
        self.hosts[host]["freqtrade_bots"][index].update(changed)

    def deploy(self, *words: str) -> Played:
        """Write the inventory and deploy from it."""

        class Repeating(yaml.SafeDumper):
            def ignore_aliases(self, data: Any) -> bool:
                return data is not None

        (self.home / "hosts.yml").write_text(yaml.dump(self.tree, Dumper=Repeating, sort_keys=False, width=1000))
        return play("deploy", *words, inventory=str(self.home))


@pytest.fixture
def copy(tmp_path: Path) -> Copy:
    """Return an inventory to be broken."""
    return Copy(tmp_path / "inventory")


@pytest.fixture(scope="module")
def untouched() -> Iterator[None]:
    """Look at both hosts before the first refusal and after the last: files, containers, images."""
    fields = [Field("paper-1"), Field("prod-1", "gamma")]
    before = [_look(field) for field in fields]
    yield
    for field, was in zip(fields, before, strict=True):
        assert _look(field) == was


def _look(field: Field) -> list[str]:
    done = field.host.run("sudo sh -s", stdin=LOOK)
    assert done.rc == 0, done.err
    assert len(done.out.splitlines()) > 100
    return done.out.splitlines()


def rows(played: Played) -> list[str]:
    """Return the refusals that a play showed, each without its place; the line of each place names what is meant."""
    assert played.rc != 0, played.out
    found = []
    for line in played.out.splitlines():
        if not re.match(r"^(inventory|paper-1|prod-1)( [A-Za-z0-9\[\]_-]+)?: [^:(]", line) or "ok=" in line:
            continue
        place = PLACE.match(line)
        if place:
            text = Path(ROOT, place["file"]).read_text().splitlines()[int(place["line"]) - 1]
            words = re.split(r"[^A-Za-z_]+", text)
            assert any(word and word in place["said"] for word in words), (line, text)
        found.append(place["said"] if place else line)
    return found


def many_diseases(copy: Copy) -> None:
    """Break everything that can be seen without a host."""
    paper, prod = copy.hosts["paper-1"], copy.hosts["prod-1"]
    config = {
        "pair_whitelist": ["BTC/USDT"],
        "bot_name": "${NAME}",
        "exchange": {"key": CANARY},
        "protections": [],
        "db_url": f"postgresql://me:{CANARY}@db.example.com/trades",
    }
    copy.bot("paper-1", 0, config=config)
    copy.bot("paper-1", 1, api_port=8081, stratagy="Other", memory="lots")
    paper["freqtrade_bots"].append({"name": "Delta", "mode": "demo", "api_port": "8090", "strategy": "Other"})
    paper.update(freqtrade_image="freqtradeorg/freqtrade:stable", freqtrade_memmory="1g")
    prod["freqtrade_bots"][0]["config"].update(trading_mode="futures", order_types={"stoploss_on_exchange": False})
    prod["freqtrade_bots"].append({"name": "alpha", "mode": "live", "api_port": 8084, "strategy": "Other"})
    vault = "\n  ".join(("$ANSIBLE_VAULT;1.1;AES256", "6162636465666768"))
    (copy.home / "host_vars").mkdir()
    (copy.home / "host_vars" / "prod-1.yml").write_text(f"host_operators: !vault |\n  {vault}\n")
    secrets = {"gamma": {"key": "abc", "secret": CANARY * 2}, "zeta": {"key": CANARY, "secret": CANARY + "2"}}
    (copy.home / "secrets.yml").write_text(yaml.safe_dump({"secrets_exchange": secrets}))
    (copy.home / "secrets.yml").chmod(0o644)


HOST_DISEASES = """\
paper-1: its clock is N s behind that of the control node; set both by NTP (timedatectl); 5 s are allowed, by \
host_clock_tolerance
paper-1: it has N MiB of memory, and 2 bots (4195328 MiB), Postgres (0 MiB) and host_memory_reserve (512 MiB) need \
4195840 MiB; move bots to another host or lower their memory
paper-1: N MiB are free at /srv/freqops, and 31457280 MiB are needed; make room, but not with \
'docker image prune', which deletes the images that a rollback needs (freqops removes those of releases that it \
forgets), or lower host_disk_reserve
paper-1: N MiB are free at /var/lib/docker, and 31457280 MiB are needed; make room, but not with \
'docker image prune', which deletes the images that a rollback needs (freqops removes those of releases that it \
forgets), or lower host_disk_reserve
paper-1 beta: api_port 8090 is taken on the host by process N (python3); end that, or give the bot another port
"""
VARYING = re.compile(
    r"(?<=its clock is )(?:[45][0-9]|60)(?= s behind)|(?<=process )[0-9]+|(?<=it has )[0-9]+|[0-9]+(?= MiB are free)"
)
DISEASES = """\
inventory: {home}/secrets.yml is not encrypted and has mode 0644; chmod 600 {home}/secrets.yml, and better: \
ansible-vault encrypt {home}/secrets.yml
prod-1: host_operators is encrypted with !vault; move it into secrets.yml, which no halt loads: none may \
need the password of a vault
inventory: secrets_exchange names 'zeta', which is no bot; the inventory has alpha, beta, gamma; correct the name or \
take it out
paper-1: freqtrade_memmory is no variable of any role; did you mean freqtrade_memory?
paper-1: freqtrade_image is 'freqtradeorg/freqtrade:stable'; name the image by its digest: name@sha256:…
paper-1 Delta: name 'Delta' is no name for a bot; lower-case letters, digits and dashes, a letter first, at most 31
paper-1 Delta: mode: 'demo' is not allowed; allowed are paper, live
paper-1 Delta: api_port: '8090' is not a whole number; it must be a whole number, without quotes
paper-1 alpha: db_url is postgresql://db.example.com/trades; leave db_url out: each bot and mode has a database of \
its own, chosen by its key 'database'
paper-1 alpha: config.exchange.key is a secret (a text of 37 characters) in a configuration; it belongs in \
secrets_exchange in secrets.yml
paper-1 alpha: config.pair_whitelist is ignored there; Freqtrade reads exchange.pair_whitelist: move it into exchange
paper-1 alpha: config.protections is refused by Freqtrade; protections belong in the strategy, as a property
paper-1 alpha: config.bot_name holds a variable that stays as it is written; Freqtrade expands no variables: write \
the value, or have the inventory template it
paper-1 beta: stratagy is no key of a bot; did you mean strategy?
paper-1 beta: memory: 'lots' is no size; write one in quotes or with a unit, like 512m or 1g
paper-1 beta: api_port 8081 is that of alpha, too; give each bot of a host a port of its own
prod-1 alpha: order_types.stoploss_on_exchange is not set in mode live; set it to true, so that a stop outlives the \
bot, or say why not in its key stoploss_waiver
prod-1 gamma: trading_mode is 'futures' in mode live; live bots trade spot only: set it to spot, or mode to paper
prod-1 gamma: order_types.stoploss_on_exchange is False in mode live; set it to true, so that a stop outlives the \
bot, or say why not in its key stoploss_waiver
prod-1 gamma: secrets_exchange.gamma.key is too short: 3 characters, at least 16 are needed; copy it from the \
exchange, in quotes
"""


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize("words", [("--limit", "paper-1"), ("--check", "--diff", "-vvvv")], ids=["limit", "check"])
def test_every_disease_is_named_at_once_and_nothing_is_touched(copy: Copy, words: tuple[str, ...]) -> None:
    many_diseases(copy)
    played = copy.deploy(*words)
    assert rows(played) == DISEASES.format(home=copy.home).splitlines()
    assert "REFUSED, nothing was touched: " in played.out
    assert "TASK [host" not in played.out
    assert CANARY not in played.out


@pytest.mark.usefixtures("untouched")
def test_an_encrypted_file_among_the_variables_is_refused_even_with_its_password(copy: Copy) -> None:
    (copy.home.parent / "password").write_text("a password of the vault\n")
    (copy.home / "group_vars" / "prod.yml").write_text("host_clock_tolerance: 7\n")
    command = [str(BIN / "ansible-vault"), "encrypt", "--vault-password-file", str(copy.home.parent / "password")]
    subprocess.run([*command, str(copy.home / "group_vars" / "prod.yml")], check=True, capture_output=True)
    played = copy.deploy("--vault-password-file", str(copy.home.parent / "password"))
    assert rows(played) == [
        (
            f"inventory: {copy.home}/group_vars/prod.yml is encrypted, so every play needs its password; move what is "
            "secret into secrets.yml beside it: no halt loads that"
        )
    ]


@pytest.mark.usefixtures("untouched")
def test_secrets_that_cannot_be_opened_are_refused_and_not_quoted(copy: Copy) -> None:
    (copy.home / "secrets.yml").write_text(f"secrets_exchange: [{CANARY}\n")
    played = copy.deploy("-vvvv")
    assert rows(played) == [
        (
            f"inventory: {copy.home}/secrets.yml cannot be read; is it YAML that maps names to values, and was the "
            "password of its vault given?"
        )
    ]
    assert CANARY not in played.out


@pytest.fixture
def skewed() -> Iterator[str]:
    """Give the host an interpreter whose clock is a minute behind; return it."""
    field = Field("paper-1")
    field.sh("mkdir /opt/freqops-test")
    for name, text in (("sitecustomize.py", SKEW), ("python", INTERPRETER)):
        field.host.run(f"sudo install -m 0755 /dev/stdin /opt/freqops-test/{name}", stdin=text)
    yield "/opt/freqops-test/python"
    field.sh("rm -r /opt/freqops-test")


@pytest.fixture
def taken() -> Iterator[int]:
    """Have something else listen on a port of the host; return the port."""
    field = Field("paper-1")
    field.sh(TAKE)
    until("the port is taken", lambda: "8090" in field.sh("ss -Hltn sport = :8090"))
    yield 8090
    field.sh("systemctl stop freqops-test-port")


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize("words", [(), ("--check",)], ids=["for real", "check"])
def test_what_is_wrong_with_a_host_is_named_at_once_and_nothing_is_touched(
    copy: Copy, skewed: str, taken: int, words: tuple[str, ...]
) -> None:
    copy.hosts["paper-1"].update(ansible_python_interpreter=skewed, host_disk_reserve="90t")
    copy.bot("paper-1", 0, memory="4t", database="sqlite")
    copy.bot("paper-1", 1, api_port=taken)
    (copy.home / "secrets.yml").unlink()
    played = copy.deploy(*words)
    assert [VARYING.sub("N", line) for line in rows(played)] == HOST_DISEASES.splitlines()
