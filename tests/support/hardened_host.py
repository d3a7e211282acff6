"""A hardened lab host: plays that change it, root on it, and a neighbour that looks at it from outside."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

from lab.base.names import name_of
from lab.base.paths import INVENTORY
from lab.engine import containers, engine, network
from lab.hosts.host import Host
from tests.support.field import BIN, ROOT, Played

NAME = "paper-1"
PLAYS = ROOT / "molecule" / "hardening"
PUBLISHED = 8899
SCANNER = ROOT / "tests" / "support" / "scanner.py"


def run(*command: str, sources: Path | None = None) -> Played:
    """Run one of Ansible's programs against the host, with other sources of the rules where a test breaks them."""
    environment = {**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}", "ANSIBLE_NOCOLOR": "1"}
    environment["ANSIBLE_CONFIG"] = str(ROOT / "ansible.cfg")
    environment.pop("ANSIBLE_FORCE_COLOR", None)  # molecule's own wish
    if sources is not None:
        environment["ANSIBLE_MODULE_UTILS"] = str(sources)
    words = [str(BIN / command[0]), *command[1:], "-i", str(INVENTORY)]
    done = subprocess.run(words, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300, check=False)
    return Played(done.returncode, done.stdout + done.stderr)


def part(name: str, *words: str, sources: Path | None = None, **inputs: object) -> Played:
    """Run a play of the scenario with these inputs: ``host_and_engine``, or one part of it."""
    play = str(PLAYS / f"{name}.yml")
    return run("ansible-playbook", play, "--limit", NAME, "-e", json.dumps(inputs), *words, sources=sources)


def module(name: str, **arguments: object) -> Played:
    """Run one module on the host, as root."""
    given = ("-a", json.dumps(arguments)) if arguments else ()
    return run("ansible", NAME, "--become", "-m", name, *given)


def broken(directory: Path, file: str, old: str, new: str) -> Path:
    """Return a copy of the sources in which one line of the rules is wrong."""
    shutil.copytree(ROOT / "src", directory / "src")
    path = directory / "src" / "freqops" / "core" / "hardening" / file
    text = path.read_text()
    assert text.count(old) == 1, f"{file} does not have {old!r} once"
    path.write_text(text.replace(old, new))
    return directory / "src"


class HardenedHost:
    """The host as root sees it, and as its neighbours do."""

    def __init__(self) -> None:
        self.host = Host(NAME)

    def sh(self, command: str) -> str:
        """Run a command as root, over a new connection, and return what it printed; it must succeed."""
        done = self.host.run("sudo sh -s", stdin=command, fresh=True)
        assert done.rc == 0, f"{command}: {done.rc}\n{done.out}\n{done.err}"
        return done.out

    def answers(self, address: str, port: int, inside: str = "") -> bool:
        """Whether a connection to a port comes about, from the host or from a network namespace of it."""
        code = f'import socket; socket.create_connection(("{address}", {port}), 3)'
        enter = f"ip netns exec {inside} " if inside else ""
        done = self.host.run(f"sudo {enter}python3 -c '{code}'")
        assert done.rc == 0 or "TimeoutError" in done.err or "ConnectionRefusedError" in done.err, done.err
        return done.rc == 0

    def rules(self) -> str:
        """Return our table as it is in force."""
        return self.sh("nft --stateless list table inet freqops")

    def address(self) -> str:
        """Return where neighbours reach the host."""
        net = network.find(engine.connected())
        assert net is not None
        return str(network.address(net, self.host.spec.address_number))

    def seen_from_outside(self, first: int = 1, last: int = 65535) -> list[int]:
        """Return the TCP ports that a container beside the host can connect to."""
        client = engine.connected()
        exchange = containers.find(client, name_of("exchange"))
        assert exchange is not None
        assert exchange.image is not None
        command = ["python3", "-c", SCANNER.read_text(), self.address(), str(first), str(last)]
        net = name_of("net")
        said = client.containers.run(exchange.image, command, entrypoint=[], network=net, remove=True, user="0")
        found: list[int] = json.loads(said)
        return found

    def entered(self, unit: str) -> int:
        """Return when a unit became active, in microseconds since the kernel booted."""
        return int(self.sh(f"systemctl show {unit} --property=ActiveEnterTimestampMonotonic --value"))
