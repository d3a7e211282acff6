"""A host with a repository on its own disk and one elsewhere, of which the second one may be lost."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from freqops.core.backup import renewal, repository, successes
from freqops.core.backup.answer import Row
from freqops.core.backup.renewal import Renewal
from freqops.core.base.mandate import Mandate
from freqops.hostctl.backup import restic
from freqops.hostctl.backup.renewing import Order, Renewing
from tests.unit.hostctl.backup.repositories.cheap_key import make_cheap
from tests.unit.hostctl.backup.repositories.conftest import Host, local, one

INCIDENT = "20260102T030405Z-renew-repository-9f3c21"
LOST = "vault-1 burnt down, ticket 4711"
DAY = 86400.0
AT = {"host": "keeper-1", "address": "192.0.2.7", "port": 22, "account": "fqr-0123456789ab"}
FAR = "rclone:keeper-1:vault"


class Losing(Host):
    """The host; a repository that is made in a test has a key that is cheap to open.

    The first one that is made is a copy of ``spare``, where its password opens that: restic takes seconds to make one.
    """

    spare: Path | None = None
    keeper: Path | None = None  # where the vault lies that is declared at another host; None: nobody reaches it

    @property
    def vault_url(self) -> Path:
        return self.root / "backup" / "vault"

    def run(
        self, words: Sequence[str], environment: Mapping[str, str], seconds: float, directory: Path | None
    ) -> subprocess.CompletedProcess[bytes]:
        if FAR in words and self.keeper is None:
            self.asked.append(list(words))
            return subprocess.CompletedProcess(list(words), 1, b"", b"Fatal: unable to open repository at x: EOF")
        if FAR in words:
            words = [
                "restic",
                "--repo",
                str(self.keeper),
                *words[3 : words.index("-o")],
                *words[words.index("-o") + 2 :],
            ]
        if words[-1] != "init":
            return super().run(words, environment, seconds, directory)
        place, spare = Path(words[words.index("--repo") + 1]), self.spare
        password = (self.root / "backup/keys" / place.name).read_bytes().strip()
        if spare is not None and password == (spare.parent / "keys/local").read_bytes().strip():
            self.asked.append(list(words))
            self.before(list(words))
            self.spare = None
            shutil.copytree(spare, place, dirs_exist_ok=True)
            return subprocess.CompletedProcess(list(words), 0, b"", b"")
        done = super().run(words, environment, seconds, directory)
        if (place / "config").exists():
            make_cheap(place, password)
        return done

    def lose(self, name: str = "vault") -> None:
        shutil.rmtree(self.root / "backup" / name)

    def declare_far(self, *, let_in: bool = True) -> None:
        """Declare the vault at another host; where that let this one in, both know each other's key."""
        path = self.root / "backup/repositories.json"
        document = json.loads(path.read_text())
        document["repositories"][1] = {"name": "vault", "at": AT}
        path.write_text(json.dumps(document))
        for name in ("vault.ssh", *(["vault.known_hosts"] if let_in else [])):
            (self.root / "backup/keys" / name).write_text("x")
            (self.root / "backup/keys" / name).chmod(0o400)

    def renewing(self, lost: str = LOST, source: str = "", incident: str = INCIDENT, name: str = "vault") -> Renewing:
        return Renewing(self.backups, Order(Mandate(incident, "why", "ann"), name, lost, source))

    def renew(self, **words: Any) -> Row:
        return one(self.renewing(**words).run())

    def record(self) -> Renewal:
        found = renewal.load(self.root, "vault")
        assert found is not None
        return found

    def evidence(self, incident: str = INCIDENT) -> dict[str, Any]:
        """Return what is written of the incident, by what it is."""
        found = sorted((self.root / "incidents" / incident).glob("*.json"))
        return {"gone" if "-gone-" in path.name else "result": json.loads(path.read_text()) for path in found}

    def moments(self, name: str) -> list[str]:
        return [each.to_json()["began"] for each in self.vault(name).contents().counted.values()]

    def twin(self, place: Path) -> Losing:
        """Return the same host in another tree, at the same time."""
        shutil.copytree(self.root, place, symlinks=True)
        other = Losing.__new__(Losing)
        other.__dict__.update(self.__dict__)
        other.root, other.asked, other.seen, other.before = place, [], [], lambda _words: None
        other.clock = type(self.clock)()
        other.clock.sleep(self.clock.now)
        declared = place / "backup" / repository.FILE
        declared.write_text(declared.read_text().replace(str(self.root), str(place)))
        return other


def grown(place: Path, made: Path) -> Losing:
    """Return a host that backed up to both for three days, once to vault alone, and to it alone its databases."""
    host = Losing(place)
    shutil.copytree(made / "keys", host.root / "backup/keys", dirs_exist_ok=True)
    shutil.copy(made / "keys/local", host.root / "backup/keys/vault")
    for name in ("local", "vault"):
        shutil.copytree(made / "local", host.root / "backup" / name)
    known = successes.load(made.parent)["local"]
    successes.place(host.root).write_text(json.dumps(successes.to_json({"local": known, "vault": known})))
    successes.place(host.root).chmod(0o600)
    host.declare(local(), local("vault", keep_days=3, keep_least=2, append_only=True))
    for _ in range(3):
        host.clock.sleep(DAY)
        assert host.backups.back_up((), None).exit == 0
    host.clock.sleep(3600)
    assert host.backups.back_up((), "vault").exit == 0
    host.clock.sleep(60)
    assert host.backups.back_up(("trades",), "vault").exit == 0
    host.spare = spare_of(host, made)
    return host


def spare_of(host: Losing, made: Path) -> Path:
    """Make another repository that the same password opens."""
    place = host.root.parent / "spare"
    shutil.copytree(made / "keys", place / "keys")
    words = ["restic", "--repo", str(place / "local"), "--password-file", str(place / "keys/local"), "init"]
    assert restic.run(words, restic.ENVIRONMENT, restic.SECONDS, None).returncode == 0
    make_cheap(place / "local", (place / "keys/local").read_bytes().strip())
    return place / "local"
