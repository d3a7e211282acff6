"""The container engine of a host: everything that freqops asks of it."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from freqops.core.bot import postgres_major
from freqops.core.deploy.container import Container, answered, inspection, name_of

from .engine_command import EngineCommand, EngineError, end, failed
from .siblings import Sibling, is_of, sibling_of

LOOKS = 3


class Engine(EngineCommand):
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
        argv = inspection(names)
        status, said = self._ended(argv, 10)
        found = answered(names, status, said)
        if found is None:
            raise failed(argv, said)
        return found

    def siblings(self, name: str, conf: Path) -> list[Sibling]:
        """Return the containers beside ``name`` that are the same bot's, those without a process, too.

        They are of its Compose project, or have its ``conf`` where a bot has it.

        Raises:
            EngineError: The engine does not answer, or its containers changed at every look.
        """
        found = [document for document in self._inspected(LOOKS) if name_of(document) != name]
        return [sibling_of(document) for document in found if is_of(document, name, conf)]

    def running_containers(self) -> list[dict[str, Any]]:
        """Return the engine's description of each container that runs.

        Raises:
            EngineError: The engine does not answer, or its containers changed at every look.
        """
        return self._inspected(LOOKS, which=())

    def image_facts(self, numbers: Sequence[str]) -> dict[str, dict[str, Any]]:
        """Return the engine's description of images, by their ids; one that it does not know is left out.

        Raises:
            EngineError: The engine does not answer.
        """
        if not numbers:
            return {}
        argv = ["docker", "image", "inspect", "--format={{json .}}", *numbers]
        status, said = self._ended(argv, 10)
        if status != 0 and "no such image" not in said.lower():
            raise failed(argv, said)
        documents = [json.loads(line) for line in said.splitlines() if line.startswith("{")]
        return {str(document.get("Id")): document for document in documents}

    def _inspected(self, looks: int, which: Sequence[str] = ("--all",)) -> list[dict[str, Any]]:
        """Return the engine's description of each container; one may go between two questions."""
        numbers = self._run(["docker", "ps", *which, "--quiet", "--no-trunc"], 10).split()
        if not numbers:
            return []
        try:
            said = self._run(["docker", "inspect", "--type=container", "--format={{json .}}", *numbers], 10)
        except EngineError as error:
            if looks > 1 and "no such container" in str(error).lower():
                return self._inspected(looks - 1, which)
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

    def make_network(self, name: str, *, internal: bool) -> None:
        """Make a bridge network that must not be there yet.

        Args:
            name: Its name.
            internal: Whether nothing outside of it is reached from it.

        Raises:
            EngineError: There is one, or the engine does not make it.
        """
        self._run(["docker", "network", "create", *(["--internal"] if internal else []), name], 10)

    def members(self, network: str) -> list[str]:
        """Return the names of the containers that are joined to a network and run.

        Raises:
            EngineError: The engine does not answer, or there is no such network.
        """
        asked = "{{range .Containers}}{{.Name}} {{end}}"
        return sorted(self._run(["docker", "network", "inspect", "--format", asked, network], 10).split())

    def address(self, name: str, network: str) -> str:
        """Return the address of a container in a network; empty where it has none.

        Raises:
            EngineError: The engine does not answer, or there is no such container.
        """
        asked = '{{with index .NetworkSettings.Networks "' + network + '"}}{{.IPAddress}}{{end}}'
        return self._run(["docker", "inspect", "--type=container", "--format", asked, name], 10).strip()

    def run_detached(self, argv: list[str]) -> None:
        """Start a container that goes on by itself.

        Raises:
            EngineError: It could not be started.
        """
        self._run(argv, 60)

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

    def postgres_major(self, image: str) -> int:
        """Return the major version of the Postgres in an image that is here.

        Raises:
            NoMajor: It is not here, or does not say it.
            EngineError: The engine does not answer.
        """
        return postgres_major.of_image(image, lambda argv: self._ended(list(argv), 60))

    def remove_image(self, image: str) -> None:
        """Remove an image that no container uses; one that is not there is removed.

        Raises:
            EngineError: One does, or the engine does not answer.
        """
        try:
            self._run(["docker", "image", "rm", image], 60)
        except EngineError as error:
            if "no such image" not in str(error).lower():
                raise

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
