"""A repository on another host: its own host adds to it, and even as a hostile root does nothing else there."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import yaml

from lab.hosts.host import Host
from tests.support.field import Field, Played, play, until
from tests.support.fleet import Fleet
from tests.support.patience import GIVE_UP
from tests.support.rollout import BOTS, HOST, Bot, Rollout

KEEPER = "prod-1"
ACCOUNT = "fqr-" + sha256(f"{HOST}/vault".encode()).hexdigest()[:12]
TREE = "/srv/freqops-repositories"
HOME = f"{TREE}/{ACCOUNT}"
OTHER = f"{TREE}/fqr-000000000000"  # what another host has there
KEYS = "/srv/freqops/backup/keys"
LOCK = "0" * 64
BURNT = "prod-1 burnt down, ticket 4711"
DONE = "renew_repository: done, 1 of 1 hosts"
COMPLETE = "trades,registry,state,releases,runs,logs"
FORGET = """
import json, pathlib
place = pathlib.Path("/srv/freqops/backup/state.json")
answer = place.exists()
if answer:
    found = json.loads(place.read_text())
    found["repositories"].pop("vault", None)
    place.write_text(json.dumps(found))
"""
UNITS = "/etc/systemd/system"
WITHOUT_DUMPS = (
    "import json; place = '/srv/freqops/backup/repositories.json'; found = json.load(open(place)); "
    "[row.update(dumps=False) for row in found['repositories']]; json.dump(found, open(place, 'w')); answer = True"
)
GUEST = Path(__file__).parents[3] / "tests/support/guest.py"


def without_timer(name: str) -> str:
    """Return the command that takes a timer and its service away, where they are."""
    off = f"if test -e {UNITS}/{name}.timer; then systemctl disable --now {name}.timer; fi"
    return f"{off} && rm -f {UNITS}/{name}.* && systemctl daemon-reload"


@dataclass(frozen=True)
class Elsewhere:
    """A bot's host, and the host on which its repository lies."""

    bot: Bot
    keeper: Field
    address: str
    inventory: str

    @property
    def way(self) -> list[str]:
        """The command that leads whoever has the key to the other host."""
        said = (f"IdentityFile={KEYS}/vault.ssh", f"UserKnownHostsFile={KEYS}/vault.known_hosts", "BatchMode=yes",
                f"HostKeyAlias={KEEPER}", "IdentitiesOnly=yes")  # fmt: skip
        return ["ssh", "-F", "none", *(word for each in said for word in ("-o", each)), f"{ACCOUNT}@{self.address}"]

    def files(self) -> dict[str, str]:
        """Return the checksum of everything that lies on the other host in repositories, but for locks."""
        said = self.keeper.sh(f"find {TREE} -type f -not -path '*/locks/*' -exec sha256sum {{}} +")
        return {path: checksum for checksum, path in (line.split(maxsplit=1) for line in said.splitlines())}

    def asked(self, *requests: tuple[str, str, str]) -> list[tuple[bool, bytes]]:
        """Have root of the bot's host make requests, and return what came of each."""
        given = json.dumps({"way": self.way, "requests": requests})
        done = self.bot.host.run(f"sudo python3 -c {shlex.quote(GUEST.read_text())}", stdin=given)
        assert done.rc == 0, done.err
        return [(bool(is_well), bytes.fromhex(said)) for is_well, said in json.loads(done.out)]

    def printed(self, words: list[str]) -> str:
        """Return what a command of root prints that can be read."""
        line = f"sudo {shlex.join(words)} 2>&1 | tr --complement --delete '[:print:]'"
        return self.bot.host.run(line, stdin="\n").out

    def backup(self, words: str, wanted: int = 0) -> dict[str, Any]:
        """Run the command on that repository, and return its row."""
        code, answer = self.bot.tool(f"backup {words} --repository vault --json")
        assert code == wanted, answer
        [row] = answer["repositories"]
        return dict(row)

    def counted(self) -> list[str]:
        """Return the snapshots that count."""
        return [each["id"] for each in self.backup("list")["snapshots"] if each["counts"] == "yes"]

    def quiet(self) -> None:
        """Let no dumps follow there any more, and wait until those that are on their way are there."""
        self.bot.ask(WITHOUT_DUMPS)
        active = "systemctl is-active freqops-dump.service freqops-backup-dumps.service; true"
        until("no dump is on its way", lambda: "activating" not in self.bot.sh(active), GIVE_UP)

    def unused(self) -> None:
        """Wait until nobody uses the account on the other host."""
        until("nobody uses its account", lambda: not self.keeper.sh(f"pgrep -u {ACCOUNT}; true").split(), GIVE_UP)

    def renewed(self, *words: str) -> Played:
        """Run the play that makes a new repository where this one is lost."""
        given = ("-e", "repository=vault", "-e", f"lost='{BURNT}'")
        return play("renew_repository", "--limit", HOST, *given, *words, inventory=self.inventory)

    def complete(self, name: str) -> list[str]:
        """Return the moments of the snapshots of a repository that have every part."""
        code, answer = self.bot.tool(f"backup list --repository {name} --json")
        assert code == 0, answer
        found = [each for each in answer["repositories"][0]["snapshots"] if each["counts"] == "yes"]
        return [each["made"] for each in found if each["parts"] == COMPLETE]

    def take_away_here(self, before: str) -> None:
        """Take away from the bot's host what there is of the repository, and declare there what was before."""
        self.bot.sh(without_timer("freqops-backup-dumps"))
        self.bot.sh(f"printf %s {shlex.quote(before)} > /srv/freqops/backup/repositories.json")
        self.bot.sh(f"rm -rf {KEYS}/vault* /srv/freqops/backup/manifests/vault /srv/freqops/backup/renewals")
        self.bot.ask(FORGET)

    def take_away_there(self) -> None:
        """Take away from the other host what there is of the repository."""
        self.keeper.sh(without_timer(f"freqops-{ACCOUNT}"))
        self.keeper.sh(f"if getent passwd {ACCOUNT}; then userdel {ACCOUNT}; fi && rm -rf {TREE}")

    @contextmanager
    def away(self) -> Iterator[None]:
        """Let no packet of the other host come back during the block."""
        self.keeper.sh(f"ip route add blackhole {Host(HOST).address}/32")
        try:
            yield
        finally:
            self.keeper.sh(f"ip route del blackhole {Host(HOST).address}/32")


@pytest.fixture(scope="module")
def elsewhere(rollout: Rollout) -> Iterator[Elsewhere]:
    """A host that backs up to another one; both are as they were afterwards."""
    address = Host(KEEPER).address

    def declared(fleet: Fleet) -> None:
        fleet[HOST]["backup_repositories"] = [
            {"name": "local", "url": "/srv/freqops/backup/local"},
            {"name": "vault", "at": KEEPER},
        ]
        fleet[KEEPER] |= {"repositories_address": address, "repositories_port": 22}

    inventory = rollout.inventory(declared)
    found = Elsewhere(rollout.bots["epsilon"], Field(KEEPER), address, inventory)
    (Path(inventory) / "repositories.yml").write_text(yaml.safe_dump({"repositories": {"hosts": {KEEPER: {}}}}))
    before = found.bot.sh("cat /srv/freqops/backup/repositories.json")
    with ExitStack() as afterwards:  # each of them, the last one first, whatever was made and whatever goes wrong
        afterwards.callback(found.take_away_there)
        afterwards.callback(found.take_away_here, before)
        afterwards.callback(found.unused)
        afterwards.callback(found.quiet)
        played = play("repositories", inventory=inventory)
        assert played.rc == 0, played.out
        assert "repositories: done, 2 of 2 hosts" in played.out
        found.keeper.sh(f"install -d -m 0700 {OTHER}/repository && echo another > {OTHER}/repository/config")
        yield found


def test_each_dump_is_there_without_anybody_asking(elsewhere: Elsewhere) -> None:
    until("the newest dumps are there", lambda: bool(elsewhere.counted()), GIVE_UP)
    [newest] = elsewhere.backup("list")["snapshots"][-1:]
    assert (newest["parts"], newest["bots"].split(",")) == ("trades", sorted(BOTS))


def test_a_hostile_host_can_only_add(elsewhere: Elsewhere) -> None:
    elsewhere.quiet()
    snapshot = elsewhere.backup("run")["snapshot"]
    assert snapshot in elsewhere.counted()
    before, inside = elsewhere.files(), f"{HOME}/repository/"
    assert f"{inside}snapshots/{snapshot}" in before
    paths = ["/" + path.removeprefix(inside) for path in before if path.startswith(inside)]
    served = ["/data/" + path.rpartition("/")[2] if path.startswith("/data/") else path for path in paths]
    elsewhere.keeper.sh(f"install -m 0600 -o {ACCOUNT} /dev/null {inside}locks/{LOCK}")
    [(could_read, config), (could_unlock, _)] = elsewhere.asked(
        ("GET", "/config", ""), ("DELETE", f"/locks/{LOCK}", "")
    )
    assert could_read  # so whoever asks knows how
    assert sha256(config).hexdigest() == before[f"{inside}config"]
    assert could_unlock
    assert LOCK not in elsewhere.keeper.sh(f"ls {inside}locks")
    deletes = elsewhere.asked(*(("DELETE", path, "") for path in [*served, f"/locks/..{paths[0]}", "/locks/..", "/"]))
    writes = elsewhere.asked(*(("POST", path, "x") for path in served))
    assert not any(is_well for is_well, _ in deletes + writes)
    outside = [f"/..{path.removeprefix(HOME)}" for path in before if not path.startswith((inside, OTHER))]
    outside += [f"/../..{OTHER.removeprefix(TREE)}/repository/config", "/../../../etc/passwd", "//etc/passwd"]
    reads = elsewhere.asked(*(("GET", path, "") for path in [*outside, outside[-3].replace("..", "%2e%2e")]))
    assert {said for _, said in reads} == {b"Not Found\n"}
    elsewhere.bot.host.run(  # which asks again and again
        f"sudo timeout 5 restic --no-cache --password-file {KEYS}/vault --repo rclone:x"
        f" -o {shlex.quote('rclone.program=' + shlex.join(elsewhere.way))} forget {snapshot}"
    )
    assert elsewhere.files() == before
    for words in ("id", "cat /etc/passwd", f"rm -rf {HOME}"):
        said = elsewhere.printed([*elsewhere.way, words])
        assert "uid=" not in said
        assert "root:" not in said
    forwarded = [*elsewhere.way[:-1], "-W", "127.0.0.1:22", elsewhere.way[-1]]
    assert "SSH-2.0" not in elsewhere.printed(forwarded)
    assert elsewhere.files() == before
    assert elsewhere.backup("check")["proven"]


def test_a_repository_that_is_away_comes_back(elsewhere: Elsewhere) -> None:
    elsewhere.quiet()
    before = elsewhere.counted()
    with elsewhere.away():
        row = elsewhere.backup("run", wanted=2)
        assert "it cannot be reached" in row["problems"][0], row
    row = elsewhere.backup("run")
    assert elsewhere.counted() == [*before, row["snapshot"]]
    elsewhere.keeper.sh(f"systemctl start freqops-{ACCOUNT}.service")
    assert elsewhere.counted() == [*before, row["snapshot"]]
    [oldest, *_] = elsewhere.counted()
    elsewhere.keeper.sh(f"rm {HOME}/repository/snapshots/{oldest}")  # which its rule keeps
    row = elsewhere.backup("check", wanted=2)
    assert f"1 snapshots are gone that its rule keeps: {oldest[:8]}" in row["problems"][0], row


def test_one_that_is_lost_for_good_is_renewed_when_its_host_was_set_up_again(elsewhere: Elsewhere) -> None:
    elsewhere.quiet()
    unlost = elsewhere.renewed()
    assert unlost.rc != 0
    assert "nothing is lost" in unlost.out, unlost.out
    elsewhere.unused()
    elsewhere.take_away_there()
    assert "it cannot be reached" in elsewhere.backup("run", wanted=2)["problems"][0]
    code, answer = elsewhere.bot.tool("backup run --repository local --json")
    assert code == 0, answer  # the other one has its backup
    refused = elsewhere.renewed()
    assert refused.rc != 0
    assert f"repositories.yml has {KEEPER} let this host in" in refused.out, refused.out
    set_up = play("repositories", inventory=elsewhere.inventory)
    assert set_up.rc != 0
    assert "there was one: put it back; where it is gone for good, renew_repository.yml" in set_up.out, set_up.out
    elsewhere.quiet()
    looked = elsewhere.renewed("--check")
    assert looked.rc == 0, looked.out
    assert "local seeds it: " in looked.out, looked.out
    assert f"{HOME}/repository/config" not in elsewhere.files()
    renewed = elsewhere.renewed()
    assert renewed.rc == 0, renewed.out
    for said in (f"lost: {BURNT}", "gone for good: ", "seeded from local: ", "every byte was read", DONE):
        assert said in renewed.out, renewed.out
    assert set(elsewhere.complete("local")) <= set(elsewhere.complete("vault"))
    again = elsewhere.renewed()
    assert again.rc == 0, again.out
    assert "nothing to do: it was renewed" in again.out, again.out
    assert "changed=0" in again.out, again.out
    kept = play("repositories", inventory=elsewhere.inventory)
    assert kept.rc == 0, kept.out
    assert elsewhere.backup("check")["proven"]
