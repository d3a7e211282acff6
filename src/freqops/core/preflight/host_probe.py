"""The facts of a host that a deploy must know before it touches it; only reading, and quick."""

from __future__ import annotations

import json
import os
import re
import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any, Callable

from ..base import commands, machine, root_file
from ..base.durable import read_json
from ..base.errors import Refused
from ..base.kinds import Malformed
from ..bot import bot_secrets, layout, left_alone, postgres_major, processes
from ..bot.notify_secrets import ENABLED, SECTIONS, TELEGRAM, has, mark_of, section

PROC = Path("/proc")
OS_RELEASE = Path("/etc/os-release")
DOCKER_HOME = "/var/lib/docker"
PATIENCE = 20.0
LISTENING = "0A"
SOCKET = re.compile(r"^socket:\[([0-9]+)\]$")
PUBLICATIONS = (
    '{"name":{{json .Name}},"status":{{json .State.Status}},"wanted":{{json .HostConfig.PortBindings}},'
    '"given":{{json .NetworkSettings.Ports}}}'
)
PROXY = "docker-proxy"  # what listens for a container on a port of the host
RENAMED = re.compile(r"^[0-9a-f]{12}_(?=freqops-)")  # by Compose, while it replaces a container
LOOKS, LOOK_SECONDS = 4, 0.5
ENDED = ("created", "exited", "dead")

Run = Callable[["Sequence[str]"], "tuple[int, str]"]


def run(command: Sequence[str]) -> tuple[int, str]:
    """Run a program that only reads, and return its exit status and output; 124 where it says nothing in time."""
    done = commands.run(command, PATIENCE)
    return done.returncode, done.stdout


def look(
    images: Sequence[str],
    left: Sequence[Any] = (),
    *,
    root: Path = layout.ROOT,
    proc: Path = PROC,
    run: Run = run,
    places: left_alone.Places | None = None,
) -> dict[str, Any]:
    """Return the facts of a host.

    Args:
        images: Images of which it is asked whether they are there.
        left: The Freqtrade of others that the inventory leaves alone there, as `left_alone.VARIABLE` has it.
        root: The directory of freqops.
        proc: The directory in which the kernel says what there is.
        run: The function that runs a program.
        places: Where the host says whose a process is.
    """
    engine, bots = _engine(run), [home.name for home in layout.homes(root)]
    answers = bool(engine.get("answers"))
    home = str(engine.get("home") or DOCKER_HOME)
    inspected = {image: _inspected(image, run) if answers else None for image in images}
    return {
        "clock": time.time(),
        "machine": machine.identity(proc),
        "memory": _memory(proc),
        "disks": {"srv": _disk(root), "docker": _disk(Path(home))},
        "ports": _ports(proc, run if answers else None),
        "engine": engine,
        "distribution": _distribution(OS_RELEASE),
        "images": {image: found is not None for image, found in inspected.items()},
        "postgres": {
            "cluster": _cluster(root),
            "images": {image: postgres_major.in_description(found or "") for image, found in inspected.items()},
        },
        "exchange_keys": _with_key(root),
        "notify_secrets": _with_messengers(root),
        "telegram_tokens": _telegram_tokens(root),
        "bots": bots,
        "undeclared": _undeclared(root, bots, left, places or left_alone.Places(proc=proc)),
    }


def _inspected(image: str, run: Run) -> str | None:
    """Return what the engine tells of an image, None where it is not there."""
    status, said = run(["docker", "image", "inspect", image])
    return said if status == 0 else None


def _cluster(root: Path) -> int | None:
    """Return the major version of the cluster of Postgres on the disk, None where there is none that says it."""
    try:
        return postgres_major.of_directory(root / "postgres" / postgres_major.DATA)
    except postgres_major.NoMajor:
        return None


def _undeclared(root: Path, bots: list[str], left: Sequence[Any], places: left_alone.Places) -> list[dict[str, Any]]:
    """Return the Freqtrade processes that belong to no bot, but for those that are left alone."""
    try:
        declared = left_alone.by_file(left_alone.projects(list(left)))
    except Refused:  # of which the inventory is judged before
        declared = {}
    found = processes.undeclared(bots, processes.scan(places.proc, root / "bots"))
    return [{"pid": each.pid, "command": each.command} for each in found if not _is_left(each, declared, places)]


def _is_left(
    process: processes.Process, declared: Mapping[Path, left_alone.Project], places: left_alone.Places
) -> bool:
    try:
        return bool(declared) and left_alone.owner_of(process, declared, places) is not None
    except (Malformed, OSError, root_file.Missing, root_file.Untrusted):
        return False


def _memory(proc: Path) -> int:
    for line in (proc / "meminfo").read_text().splitlines():
        if line.startswith("MemTotal:"):
            return int(line.split()[1]) * 1024
    return 0


def _disk(path: Path) -> dict[str, Any]:
    """Return the free space where ``path`` is, or will be."""
    while not path.exists():
        path = path.parent
    found = os.statvfs(path)
    return {"path": str(path), "free": found.f_bavail * found.f_frsize, "device": path.stat().st_dev}


def _distribution(path: Path) -> dict[str, str]:
    text = path.read_text() if path.exists() else ""
    values = dict(line.split("=", 1) for line in text.splitlines() if "=" in line)
    return {
        "name": values.get("ID", "").strip('"'),
        "version": values.get("VERSION_ID", "").strip('"'),
        "shown": values.get("PRETTY_NAME", "an unknown system").strip('"'),
    }


def _engine(run: Run) -> dict[str, Any]:
    """Return the engine and the Compose of the host: nothing but ``program`` where there is none."""
    program = shutil.which("docker")
    legacy = shutil.which("docker-compose") is not None
    if program is None:
        return {"program": None, "compose": None, "compose_v1": legacy}
    code, output = run(["docker", "version", "--format", "{{json .}}"])
    version = _object(output)
    client, server = version.get("Client") or {}, version.get("Server") or {}
    components = [part.get("Name", "") for part in server.get("Components") or [] if isinstance(part, dict)]
    real = os.path.realpath(program)
    names = " ".join([str((client.get("Platform") or {}).get("Name", "")), *components, real])
    info = _object(run(["docker", "info", "--format", "{{json .}}"])[1]) if server else {}
    compose_code, compose = run(["docker", "compose", "version", "--short"])
    return {
        "program": real,
        "answers": bool(server),
        "hangs": code == 124,
        "podman": "podman" in names.lower(),
        "snap": "/snap/" in program
        or "/snap/" in os.path.realpath(program)
        or "snap" in str(info.get("DockerRootDir")),
        "rootless": any("rootless" in str(option) for option in info.get("SecurityOptions") or []),
        "version": str(server.get("Version") or client.get("Version") or ""),
        "home": info.get("DockerRootDir"),
        "compose": compose.strip().lstrip("v") if compose_code == 0 else None,
        "compose_v1": legacy,
    }


def _object(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _ports(proc: Path, run: Run | None) -> dict[str, str]:
    """Return the TCP ports that something listens on, each with its owner: a container, a program, or unknown.

    A container that comes or goes at this moment has its port before or after it has its name, so one looks again. A
    program that ends at this moment had the port, and is not seen any more: once more, and the port is free.
    """
    owners: dict[str, str] = {}
    for look in range(LOOKS):
        owners = _owners(proc, run)
        unseen = look == 0 and not all(owners.values())
        if run is None or not (unseen or any(f"({PROXY})" in owner for owner in owners.values())):
            break
        time.sleep(LOOK_SECONDS)
    return owners


def _owners(proc: Path, run: Run | None) -> dict[str, str]:
    sockets = dict(_listening(proc))
    owners = {str(port): "" for port in sockets.values()}
    if sockets:
        owners.update(_programs(proc, sockets))
    for port, name in _published(run) if run is not None else ():
        if not owners.get(port) or f"({PROXY})" in owners[port]:  # else another program has it
            owners[port] = f"container {name}"
    return owners


def _listening(proc: Path) -> Iterator[tuple[str, int]]:
    """Yield inode and port of each listening socket."""
    for name in ("tcp", "tcp6"):
        table = proc / "net" / name
        for line in table.read_text().splitlines()[1:] if table.exists() else ():
            fields = line.split()
            if len(fields) > 9 and fields[3] == LISTENING:
                yield fields[9], int(fields[1].rpartition(":")[2], 16)


def _programs(proc: Path, sockets: dict[str, int]) -> Iterator[tuple[str, str]]:
    """Yield port and program of the sockets whose process may be seen."""
    for process in proc.iterdir():
        if not process.name.isdigit():
            continue
        try:
            for descriptor in (process / "fd").iterdir():
                match = SOCKET.match(str(descriptor.readlink()))
                if match and match.group(1) in sockets:
                    name = (process / "comm").read_text().strip()
                    yield str(sockets[match.group(1)]), f"process {process.name} ({name})"
        except OSError:  # it ended while we looked, or is not ours to see
            continue


def _published(run: Run) -> Iterator[tuple[str, str]]:
    """Yield port and container of all publications, those of a container that is about to be restarted, too."""
    identities = run(["docker", "ps", "--all", "--quiet"])[1].split()
    if not identities:
        return
    listing = run(["docker", "inspect", "--format", PUBLICATIONS, *identities])[1]  # without those gone meanwhile
    for found in filter(None, map(_object, listing.splitlines())):
        if found["status"] in ENDED:
            continue
        name = RENAMED.sub("", found["name"].lstrip("/"))
        for kind in ("wanted", "given"):
            tcp = [bindings or [] for where, bindings in (found[kind] or {}).items() if where.endswith("/tcp")]
            for binding in chain.from_iterable(tcp):
                yield from ((port, name) for port in _range(str(binding["HostPort"])))


def _range(text: str) -> Iterator[str]:
    """Yield the ports of a publication: none where the engine chooses one."""
    first, _, last = text.partition("-")
    if first.isdigit():
        yield from map(str, range(int(first), int(last or first) + 1))


def _with_key(root: Path) -> list[str]:
    """Return the bots whose file of secrets has key and secret of an account."""
    return [name for name, document in _secrets(root) if bot_secrets.has_exchange_key(document)]


def _with_messengers(root: Path) -> dict[str, list[str]]:
    """Return for each bot the messengers whose secrets its file has."""
    found = {name: [each for each in SECTIONS if has(document, each)] for name, document in _secrets(root)}
    return {name: messengers for name, messengers in found.items() if messengers}


def _telegram_tokens(root: Path) -> dict[str, dict[str, Any]]:
    """Return for each bot the mark of its Telegram token, and whether Telegram is on as far as its file says."""
    sections = {name: section(document, TELEGRAM) for name, document in _secrets(root)}
    marks = {name: mark_of(found.get("token")) for name, found in sections.items()}
    return {
        name: {"mark": mark, "enabled": sections[name].get(ENABLED) is not False}
        for name, mark in marks.items()
        if mark is not None
    }


def _secrets(root: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the files of secrets that can be read, each with the name of its bot."""
    for home in layout.homes(root) if (root / "bots").is_dir() else []:
        document = read_json(home / "conf" / "secrets.json")
        if isinstance(document, dict):
            yield home.name, document
