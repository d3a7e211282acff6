"""Everything of freqops taken off a host: its bots, Postgres, units and files; the engine stays.

All bots are judged before the first is touched. Their kept files, and the incidents, stay; ``freqops-host`` and
its line for sudo go last, by the playbook, when nothing has to be asked of the host any more.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from freqops.core.base import commands, durable
from freqops.core.base.clock import Clock
from freqops.core.base.commands import Run, must
from freqops.core.base.errors import FreqopsError, NotProven, Refused
from freqops.core.base.mandate import Mandate
from freqops.core.base.outcome import Outcome
from freqops.core.bot import layout, postgres
from freqops.core.deploy import deploy_lock, host_manifest
from freqops.core.halt import deadman
from freqops.core.takeover import removal

from ..bot import databases
from ..bot.database_copies import DatabaseError
from ..bot.engine import Engine
from ..exchange import witness
from ..incident.recorded import Command, stamp
from . import remove_bots
from .remove import MAY_GO, NOTHING, REMOVED, Removed

POSTGRES_GRACE = 60
SYSTEM = Path("/")
UNITS = "etc/systemd/system"
SYSTEM_DATABASES = (postgres.SUPERUSER, "template0", "template1")
NETWORKS = (witness.DATABASE_NETWORK, witness.OUTSIDE_NETWORK)
SSHD_FILES = "sshd_config.d"


@dataclass
class Stack(Outcome):
    """The outcome of a removal of everything: ``removed``, ``nothing``, or ``may go`` where it was only looked at.

    Attributes:
        bots: The outcome for each bot; ``bot`` is empty.
    """

    bot: str = ""
    bots: list[Removed] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """Return the outcome as it stands in the answer."""
        return {**super().to_json(), "bots": [row.to_json() for row in self.bots]}


def look(root: Path, clock: Clock, engine: Engine, system: Path = SYSTEM) -> Stack:
    """Return what may go; nothing is touched.

    Raises:
        Refused: Postgres has what is no bot's, or cannot be asked.
    """
    homes = layout.homes(root)
    _refuse_foreign_databases(root, homes, engine)
    rows = remove_bots.judged(homes, clock, engine)
    there = bool(homes or _files(root, system) or _containers(engine))
    return Stack(outcome=MAY_GO if there else NOTHING, proven=True, bots=rows)


def remove(
    root: Path, mandate: Mandate, clock: Clock, engine: Engine, system: Path = SYSTEM, run: Run = commands.run
) -> Stack:
    """Remove everything and prove it.

    Raises:
        Refused: Nothing was touched.
        NotProven: Something is left.
    """
    homes, began = layout.homes(root), clock.utcnow()
    seen = look(root, clock, engine, system)
    if seen.outcome == NOTHING:
        return seen
    images = _images(root, homes)
    with remove_bots.alone(homes, root, mandate, clock):
        remove_bots.refuse_unless_all_may_go(remove_bots.judged(homes, clock, engine))
        rows = remove_bots.taken_off(homes, root, mandate, clock, engine)
    result = Stack(outcome=REMOVED, changed=True, bots=rows)
    failed = [text for row in rows if not row.proven for text in row.detail]
    if failed:
        raise NotProven("not all bots are gone, and nothing else was touched: " + "; ".join(failed))
    _units(system, run)
    _postgres(root, engine)
    _take_files(system, run)
    _tree(root)
    found = left(root, engine, system, run)
    if found:
        raise NotProven(f"not everything is gone: {'; '.join(found)}; remove the stack again")
    result.proven = True
    error = Command("remove", mandate, root, clock).write(
        f"remove-{stamp(clock.utcnow())}",
        began,
        {"bots": [], "proven": True},  # each bot has evidence of its own
    )
    result.detail = [*_stays(root, images, engine), *([error] if error is not None else [])]
    return result


def left(root: Path, engine: Engine, system: Path, run: Run) -> list[str]:
    """Return a line for each thing of freqops on this host, but for what stays."""
    found = [f"there is {path}" for path in _files(root, system)]
    found += [f"there is a container {name}" for name in _containers(engine)]
    found += [f"there is a network {name}" for name in NETWORKS if engine.has_network(name)]
    units = must(run, ["systemctl", "list-units", "--all", "--no-legend", "--plain", "freqops-*"])
    found += [f"systemd has {line.split()[0]}" for line in units.splitlines() if line.strip()]
    return found


def _files(root: Path, system: Path) -> list[Path]:
    tree = [path for path in root.glob("*") if path.name not in removal.STAYS] if root.is_dir() else []
    return [*sorted(tree), *removal.outside(system)]


def _containers(engine: Engine) -> list[str]:
    return [name for name in engine.container_names() if name.startswith("freqops-")]


def _refuse_foreign_databases(root: Path, homes: list[Path], engine: Engine) -> None:
    """Refuse where the host's Postgres keeps what belongs to none of its bots: it would go with it."""
    if not (root / "postgres" / "compose.yml").exists():
        return
    ours = [*homes, *layout.laid_out(root)]  # what was never installed has nothing in its database
    known = {postgres.database_name(home.name, mode) for home in ours for mode in layout.MODES}
    try:
        found = [line.partition(" ")[2] for line in databases.present(engine) if line.startswith("database ")]
    except DatabaseError as error:
        raise Refused(f"nothing was touched: {error}") from None
    foreign = [name for name in found if name not in SYSTEM_DATABASES and _owner(name) not in known]
    if foreign:
        raise Refused(f"Postgres has {', '.join(foreign)}, which is no bot's of this host; take it away first")


def _owner(name: str) -> str:
    """Return the database that a name left over by a restore belongs to."""
    for suffix in ("_restoring", "_replaced"):
        if name.endswith(suffix):
            return name[: -len(suffix)]
    return name


def _units(system: Path, run: Run) -> None:
    """Stop what is ours: timers, what they start, and the firewall, which takes its table out of the kernel."""
    for path in sorted((system / UNITS).glob("freqops-*")):
        must(run, ["systemctl", "disable", "--now", path.name])


def _postgres(root: Path, engine: Engine) -> None:
    if engine.container(postgres.CONTAINER) is not None:
        engine.stop(postgres.CONTAINER, POSTGRES_GRACE)
        engine.remove(postgres.CONTAINER)
    for name in NETWORKS:
        engine.remove_network(name)
    if (root / "postgres").exists():
        shutil.rmtree(root / "postgres")


def _take_files(system: Path, run: Run) -> None:
    files = removal.outside(system)
    for path in files:
        path.unlink()
    own = system / "etc" / "freqops"
    if own.is_dir():
        shutil.rmtree(own)
    must(run, ["systemctl", "daemon-reload"])
    run(["systemctl", "reset-failed", "freqops-*"])  # what is still there is found when it is read back
    if any(SSHD_FILES in path.parts for path in files):
        must(run, ["systemctl", "reload", "ssh.service"])


def _tree(root: Path) -> None:
    """Remove the tree but for what stays."""
    if (root / "bots").is_dir():
        (root / "bots").rmdir()
    shutil.rmtree(root / "packages", ignore_errors=True)
    for name in (host_manifest.FILE, deploy_lock.FILE, deploy_lock.LOCK, deadman.FILE):
        for path in [root / name, *root.glob(f".{name}.*")]:  # and what a killed writer left half written
            path.unlink(missing_ok=True)
    durable.sync_directory(root)


def _images(root: Path, homes: list[Path]) -> set[str]:
    """Return the images that freqops' containers run."""
    found = set()
    for home in homes:
        document = durable.read_json(home / "bot.json")
        if isinstance(document, dict) and document.get("image"):
            found.add(str(document["image"]))
    compose = root / "postgres" / "compose.yml"
    lines = compose.read_text().splitlines() if compose.exists() else []
    return found | {line.split(":", 1)[1].strip().strip('"') for line in lines if line.strip().startswith("image:")}


def _stays(root: Path, images: set[str], engine: Engine) -> list[str]:
    """Return a line for each thing that stays, with the reason."""
    lines = [f"{root / name} stays" for name in removal.STAYS if (root / name).exists()]
    try:
        unused = sorted(images - set(engine.images_in_use()))
    except FreqopsError:
        unused = sorted(images)
    lines += [f"no container uses {image} any more; it stays until you remove it" for image in unused]
    lines += ["Docker and its daemon.json stay", "kernel settings stay in force until the next boot"]
    return lines
