"""The container engine, through its own command line: every call has a time limit and dies with its children."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import IO, Any

from freqops.core.base.errors import FreqopsError
from freqops.core.bot.processes import CONF_IN_CONTAINER
from freqops.core.deploy import container as settings

LOOKS = 3
SECOND = len("2026-01-02T03:04:05")  # the engine goes on to nanoseconds, which no Python reads


class EngineError(FreqopsError):
    """The engine did not do what it was asked, or did not answer in time."""


@dataclass(frozen=True)
class Container:
    """A container as the engine describes it.

    Attributes:
        id: Its number.
        status: Its status.
        image: The reference by which it was made.
        started_at: When it was started last.
        restarts: How often the engine started it again.
        project: The Compose project that it belongs to; empty where it has none.
        service: Its service there.
        made: The settings with which it was made, as `freqops.core.deploy.container.made` has them.
    """

    id: str
    status: str
    image: str
    started_at: str
    restarts: int
    project: str = ""
    service: str = ""
    made: Mapping[str, str] = field(default_factory=dict)

    @property
    def runs(self) -> bool:
        """Whether it has a process, or gets one in a moment."""
        return self.status in ("running", "restarting", "paused")

    @property
    def started(self) -> datetime | None:
        """When it was started last, to the second; None where the engine does not say it as it should."""
        try:
            return datetime.fromisoformat(self.started_at[:SECOND]).replace(tzinfo=timezone.utc)
        except ValueError:
            return None


@dataclass(frozen=True)
class Sibling:
    """A container of a bot beside the declared one, as the engine describes it.

    Attributes:
        id: The number of the container.
        name: Its name.
        status: The status of the container.
        policy: The restart policy of the container.
    """

    id: str
    name: str
    status: str
    policy: str

    @property
    def runs(self) -> bool:
        """Whether it has a process, or gets one in a moment."""
        return self.status not in ("created", "exited", "dead", "removing")

    @property
    def comes_back(self) -> bool:
        """Whether the engine may start it by itself."""
        return self.policy not in ("", "no")


class Engine:
    """Docker, as installed on this host."""

    def container(self, name: str) -> Container | None:
        """Return the container called ``name``, or None where there is none.

        Raises:
            EngineError: The engine does not answer.
        """
        return next(iter(self.containers_called([name]).values()), None)

    def containers_called(self, names: Sequence[str]) -> dict[str, Container]:
        """Return those of the containers called ``names`` that there are, by name; the engine is asked once.

        Raises:
            EngineError: The engine does not answer.
        """
        if not names:
            return {}
        argv = ["docker", "inspect", "--type=container", "--format={{json .}}", *names]
        status, said = self._ended(argv, 10)
        documents = [json.loads(line) for line in said.splitlines() if line.startswith("{")]
        if status != 0 and said.lower().count("no such container") != len(names) - len(documents):
            raise _failed(argv, said)
        return {_name(document): _container(document) for document in documents}

    def siblings(self, name: str, conf: Path) -> list[Sibling]:
        """Return the containers beside ``name`` that are the same bot's, those without a process, too.

        They are of its Compose project, or have its ``conf`` where a bot has it.

        Raises:
            EngineError: The engine does not answer, or its containers changed at every look.
        """
        found = [document for document in self._inspected(LOOKS) if _name(document) != name]
        return [_sibling(document) for document in found if _is_of(document, name, conf)]

    def _inspected(self, looks: int) -> list[dict[str, Any]]:
        """Return the engine's description of each container; one may go between two questions."""
        numbers = self._run(["docker", "ps", "--all", "--quiet", "--no-trunc"], 10).split()
        if not numbers:
            return []
        try:
            said = self._run(["docker", "inspect", "--type=container", "--format={{json .}}", *numbers], 10)
        except EngineError as error:
            if looks > 1 and "no such container" in str(error).lower():
                return self._inspected(looks - 1)
            raise
        return [json.loads(line) for line in said.splitlines() if line.startswith("{")]

    def compose_up(self, compose: Path, *, recreate: bool = False) -> None:
        """Create and start what ``compose`` declares, never pulling: deploy has done that.

        Args:
            compose: The Compose file.
            recreate: Whether to make a new container even where the present one is as declared.

        Raises:
            EngineError: It could not be started.
        """
        up = ["docker", "compose", "--file", str(compose), "up", "--detach", "--pull", "never", "--quiet-pull"]
        self._run([*up, "--force-recreate"] if recreate else up, 120)

    def compose_up_healthy(self, compose: Path, seconds: int, *, recreate: bool = False) -> None:
        """Create and start what ``compose`` declares, as `compose_up` does, and wait until it is healthy.

        Raises:
            EngineError: It is not within ``seconds``.
        """
        up = ["docker", "compose", "--file", str(compose), "up", "--detach", "--pull", "never", "--wait"]
        up += ["--wait-timeout", str(seconds)]
        self._run([*up, "--force-recreate"] if recreate else up, seconds + 30)

    def execute(self, name: str, argv: list[str]) -> str:
        """Run a short command inside a container and return what it said.

        Raises:
            EngineError: It failed, or the engine does not answer.
        """
        return self._run(["docker", "exec", name, *argv], 30)

    def stop(self, name: str, grace: int) -> None:
        """Stop a container, and wait for it.

        Raises:
            EngineError: The engine does not do it in time.
        """
        self._run(["docker", "stop", "--time", str(grace), name], grace + 30)

    def restart_policy(self, name: str, policy: str) -> None:
        """Give a container a restart policy.

        Raises:
            EngineError: The engine does not do it.
        """
        self._run(["docker", "update", f"--restart={policy}", name], 20)

    def start(self, name: str) -> None:
        """Start a container that is there.

        Raises:
            EngineError: The engine does not do it.
        """
        self._run(["docker", "start", name], 60)

    def copy_out(self, name: str, source: str, target: Path) -> bool:
        """Copy a file out of a container, whether it runs or not, and return whether there was one.

        Raises:
            EngineError: The engine does not do it.
        """
        try:
            self._run(["docker", "cp", "--quiet", f"{name}:{source}", str(target)], 300)
        except EngineError as error:
            if "could not find the file" in str(error).lower():
                return False
            raise
        return True

    def begin_stop(self, name: str, grace: int) -> subprocess.Popen[str]:
        """Ask the engine to stop a container and return at once; the caller watches the processes themselves."""
        return self._popen(["docker", "stop", "--time", str(grace), name])

    def ensure_network(self, name: str) -> None:
        """Make a bridge network called ``name`` where there is none.

        Raises:
            EngineError: The engine does not answer, or does not make it.
        """
        try:
            self._run(["docker", "network", "create", "--label", "freqops=witness", name], 10)
        except EngineError as error:
            if "already exists" not in str(error):
                raise

    def container_names(self) -> list[str]:
        """Return the names of all containers, those that do not run, too.

        Raises:
            EngineError: The engine does not answer.
        """
        return self._run(["docker", "ps", "--all", "--format", "{{.Names}}"], 10).split()

    def bring_image(self, image: str) -> None:
        """Pull an image where it is not on this host.

        Raises:
            EngineError: It cannot be had, or the engine does not answer.
        """
        try:
            self._run(["docker", "image", "inspect", "--format={{.Id}}", image], 10)
        except EngineError as error:
            if "no such image" not in str(error).lower():
                raise
            self._run(["docker", "pull", "--quiet", image], 600)

    def remove_image(self, image: str) -> None:
        """Remove an image that no container uses.

        Raises:
            EngineError: One does, or the engine does not answer.
        """
        self._run(["docker", "image", "rm", image], 60)

    def images_in_use(self) -> list[str]:
        """Return the images of all containers, by the names that these were made from.

        Raises:
            EngineError: The engine does not answer.
        """
        return self._run(["docker", "ps", "--all", "--no-trunc", "--format", "{{.Image}}"], 10).split()

    def has_network(self, name: str) -> bool:
        """Return whether there is a network called ``name``.

        Raises:
            EngineError: The engine does not answer.
        """
        said = self._run(["docker", "network", "ls", "--filter", f"name={name}", "--format", "{{.Name}}"], 10)
        return name in said.splitlines()

    def remove_network(self, name: str) -> None:
        """Remove the network called ``name`` where there is one.

        Raises:
            EngineError: The engine does not answer, or something is still joined to it.
        """
        if self.has_network(name):
            self._run(["docker", "network", "rm", name], 30)

    def talk(self, argv: list[str]) -> subprocess.Popen[str]:
        """Start a container to talk with, over its standard input and output."""
        return self._popen(argv, subprocess.PIPE)

    def run_container(self, argv: list[str], name: str, timeout: float) -> tuple[int, str]:
        """Run a container to its end and return its exit status and what it said.

        Raises:
            EngineError: It did not end in time; it was removed.
        """
        process = self.talk(argv)
        try:
            output, _ = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            end(process)
            self.remove(name)
            raise EngineError(f"{name} did not end within {timeout:.0f} s") from None
        return process.returncode, output

    def pipe(self, argv: list[str], timeout: float, *, source: Path | None = None, output: Path | None = None) -> str:
        """Run a command with a file as its input or output, and return what it printed where that is no file.

        Args:
            argv: The command.
            timeout: Seconds after which it is killed.
            source: The file that it reads; none is an empty input.
            output: The file that it writes, new, for its owner alone.

        Raises:
            EngineError: It failed, or did not end in time; the text ends with what it said.
            OSError: A file cannot be opened, or the disk is full.
        """
        with contextlib.ExitStack() as stack:
            stdin = stack.enter_context(source.open("rb")) if source is not None else subprocess.DEVNULL
            stdout = stack.enter_context(_private(output)) if output is not None else subprocess.PIPE
            process = subprocess.Popen(
                argv, stdin=stdin, stdout=stdout, stderr=subprocess.PIPE, text=True, start_new_session=True
            )
            try:
                said, errors = process.communicate(timeout=timeout)
            except subprocess.TimeoutExpired:
                end(process)
                raise EngineError(f"'{' '.join(argv[:3])}' did not end within {timeout:.0f} s") from None
        if process.returncode != 0:
            raise EngineError(f"'{' '.join(argv[:4])}': {errors.strip()[-500:]}")
        return said or ""

    def remove(self, name: str) -> None:
        """Remove a container, whatever it does.

        Raises:
            EngineError: The engine does not answer, or there is no such container.
        """
        self._run(["docker", "rm", "--force", name], 10)

    def logs(self, name: str, lines: int) -> list[str]:
        """Return the last lines that a container wrote, or why they cannot be had."""
        try:
            return self._run(["docker", "logs", "--tail", str(lines), name], 10).splitlines()[-lines:]
        except EngineError as error:
            return [f"no log: {error}"]

    def _popen(self, argv: list[str], stdin: int = subprocess.DEVNULL) -> subprocess.Popen[str]:
        return subprocess.Popen(
            argv,
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def _run(self, argv: list[str], timeout: float) -> str:
        status, output = self._ended(argv, timeout)
        if status != 0:
            raise _failed(argv, output)
        return output

    def _ended(self, argv: list[str], timeout: float) -> tuple[int, str]:
        """Run a command to its end and return its exit status and what it said."""
        process = self._popen(argv)
        try:
            output, _ = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            end(process)
            raise EngineError(f"'{' '.join(argv[:3])}' gave no answer within {timeout:.0f} s") from None
        return process.returncode, output


def _failed(argv: list[str], said: str) -> EngineError:
    return EngineError(f"'{' '.join(argv[:3])}': {said.strip()[-500:]}")


def _name(document: dict[str, Any]) -> str:
    return str(document["Name"]).lstrip("/")


def _container(document: dict[str, Any]) -> Container:
    state, (project, service) = document["State"], settings.place(document)
    return Container(
        id=document["Id"],
        status=state["Status"],
        image=document["Config"]["Image"],
        started_at=state["StartedAt"],
        restarts=document["RestartCount"],
        project=project,
        service=service,
        made=settings.made(document),
    )


def _is_of(document: dict[str, Any], project: str, conf: Path) -> bool:
    """Whether a container is one of a bot's, by its Compose project, or by its mounts."""
    if settings.labels(document).get(settings.PROJECT) == project:
        return True
    sources = [mount["Source"] for mount in document["Mounts"] if mount["Destination"] == CONF_IN_CONTAINER]
    return any(Path(source).resolve() == conf.resolve() for source in sources)


def _sibling(document: dict[str, Any]) -> Sibling:
    policy = document["HostConfig"]["RestartPolicy"]["Name"]
    return Sibling(document["Id"], _name(document), document["State"]["Status"], policy)


def _private(path: Path) -> IO[bytes]:
    """Open a new file that only its owner can read."""
    path.unlink(missing_ok=True)
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")


def end(process: subprocess.Popen[str]) -> None:
    """Kill a command with all its children, if it still runs."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
