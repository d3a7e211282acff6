"""A lab host as a test sees it: run a command there, reboot it, make it unreachable."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal, NamedTuple, NoReturn

from docker.models.containers import Container

from lab.base import state
from lab.base.conversation import Conversation, ProcessLine
from lab.base.failure import LabError
from lab.base.names import name_of
from lab.base.wait import until
from lab.engine import containers, engine, network
from lab.hosts import ssh
from lab.hosts.roster import host_spec

STOP_SECONDS = 120
READY_SECONDS = 90
SESSIONS = "^sshd-session: "

How = Literal["freeze", "unplug"]


class Done(NamedTuple):
    """How a command on a host ended."""

    rc: int
    out: str
    err: str


class Host:
    """One host of the lab that is up."""

    def __init__(self, name: str) -> None:
        self.spec = host_spec(name)
        self.name = name

    @property
    def port(self) -> int:
        """The loopback port of the host's sshd."""
        port = state.load().ports.get(self.name)
        if port is None:
            raise LabError(f"{self.name} is not up; run `python -m lab up`")
        return port

    def run(self, command: str, *, stdin: str = "", seconds: float = 300, fresh: bool = False) -> Done:
        """Run a shell command as the login user; `sudo` needs no password there; LabError where it does not end.

        Args:
            command: the line for the login shell.
            stdin: the input of the command.
            seconds: how long it may take.
            fresh: open a connection for it, to learn whether that is possible; else one that is open is used.
        """
        done = self._once(command, stdin, seconds, kept=not fresh)
        if not fresh and done.rc == ssh.FAILED and done.err.startswith(ssh.NEVER_ASKED):
            return self._once(command, stdin, seconds, kept=False)
        return done

    def _once(self, command: str, stdin: str, seconds: float, *, kept: bool) -> Done:
        line = self._command(command, kept=kept)
        try:
            done = subprocess.run(line, input=stdin, capture_output=True, text=True, timeout=seconds, check=False)
        except subprocess.TimeoutExpired:
            raise LabError(f"{self.name} did not end {command!r:.80} within {seconds:.0f} s") from None
        return Done(done.returncode, done.stdout, done.stderr)

    def talk(self, command: str) -> Conversation:
        """Return a conversation with a program that `command` starts there; it survives the host's reboot."""
        return Conversation(lambda: ProcessLine(self._command(command, kept=True)))

    def reachable(self) -> bool:
        """Whether somebody who connects now can run a command."""
        return self.run("true", seconds=30, fresh=True).rc == 0

    def wait(self, seconds: float = READY_SECONDS) -> None:
        """Wait until SSH answers and systemd has finished booting."""
        until(self._booted, seconds, f"{self.name} boots and answers SSH")

    def reboot(self) -> None:
        """Stop and start the host as a reboot would, and wait until it is back."""
        ssh.hang_up(self.port)
        self._container().restart(timeout=STOP_SECONDS)
        self.wait()

    def stop(self) -> None:
        """Shut the host down."""
        ssh.hang_up(self.port)
        self._container().stop(timeout=STOP_SECONDS)

    @property
    def address(self) -> str:
        """The address of the host in the lab's network.

        Raises:
            LabError: the network is gone.
        """
        net = network.find(engine.connected())
        if net is None:
            raise LabError("the lab's network is gone; run `python -m lab up`")
        return str(network.address(net, self.spec.address_number))

    def start(self) -> None:
        """Start the host and wait until it has booted."""
        net = network.find(engine.connected())
        if net is None:
            raise LabError("the lab's network is gone; run `python -m lab up`")
        containers.start(self._container(), net, str(network.address(net, self.spec.address_number)))
        self.wait()

    @contextmanager
    def unreachable(self, how: How = "freeze") -> Iterator[None]:
        """Make the host unreachable for a while; `lab up` repairs it if the block never ends.

        Args:
            how: `freeze` stops everything on it, and connections hang; `unplug` takes its cable, its processes go on.
        """
        container = self._container()
        net = network.find(engine.connected())
        if net is None:
            raise LabError("the lab's network is gone; run `python -m lab up`")
        ssh.hang_up(self.port)
        if how == "freeze":
            container.pause()
        else:
            net.disconnect(container)
        try:
            yield
        finally:
            ssh.hang_up(self.port)
            container.reload()
            containers.start(container, net, str(network.address(net, self.spec.address_number)))
            self.wait()

    def cut_connections(self) -> None:
        """End every SSH session of the host at once, as a broken line does; new ones are welcome.

        Raises:
            LabError: they live on.
        """
        before = self._sessions()
        self.run(f"sudo systemd-run --quiet --collect pkill -KILL -f '{SESSIONS}'")  # cuts its own session, too
        until(lambda: bool(now := self._sessions()) and not before & now, 30, "the sessions end")

    def login(self, *command: str) -> NoReturn:
        """Become an ssh client on the host."""
        line = ssh.command(self.port, *command)
        os.execvp(line[0], line)  # noqa: S606 - the terminal shall belong to ssh

    def _command(self, command: str, *, kept: bool) -> list[str]:
        line = ssh.command(self.port, command, kept=kept)
        return [line[0], "-o", "BatchMode=yes", *line[1:]]

    def _sessions(self) -> set[str]:
        """Return the processes of all SSH sessions: at least that of the new one that asks, or the look was cut off."""
        return set(self.run(f"pgrep -f '{SESSIONS}'", fresh=True).out.split())

    def _booted(self) -> bool:
        done = self.run("systemctl is-system-running", seconds=30, fresh=True)
        return done.out.strip() in {"running", "degraded"}

    def _container(self) -> Container:
        found = containers.find(engine.connected(), name_of(self.name))
        if found is None:
            raise LabError(f"{self.name} does not exist; run `python -m lab up`")
        return found
