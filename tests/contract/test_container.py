"""What the engine does with mounts and with a process that was killed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from docker.models.containers import Container

from tests.contract.polling import eventually
from tests.contract.stack import Stack, finished, run_in

IDLE = ["-c", "import signal; signal.pause()"]
KILL = ["-c", "import os, sys; os.kill(int(sys.argv[1]), 9)"]


@pytest.fixture(scope="module")
def idle(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Container, Path]]:
    """Return a container that waits, with one directory mounted twice: as itself, and one file of it as a file."""
    directory = tmp_path_factory.mktemp("mounted")
    (directory / "file").write_text("old")
    container = stack.run(
        stack.image,
        entrypoint="python3",
        command=IDLE,
        volumes=[f"{directory}:/directory:ro", f"{directory / 'file'}:/file:ro"],
        restart_policy={"Name": "unless-stopped"},
        user="0",
    )
    yield container, directory
    stack.remove(container)


def test_a_renamed_file_is_seen_in_a_mounted_directory_only(idle: tuple[Container, Path]) -> None:
    """A file that was replaced by a rename is seen where its directory is mounted, and not where it is itself.

    So freqops mounts directories.
    """
    container, directory = idle
    (directory / "new").write_text("new")
    (directory / "new").rename(directory / "file")
    assert run_in(container, ["cat", "/directory/file"]) == (0, "new")
    assert run_in(container, ["cat", "/file"]) == (0, "old")


def test_a_killed_process_is_brought_back(stack: Stack, idle: tuple[Container, Path]) -> None:
    """A container whose process was killed past the engine is brought back, unless it was stopped.

    So level 3 has the engine stop a container, and the gate keep out what is started nevertheless.
    """
    container, _ = idle
    container.reload()
    before = container.attrs["State"]["Pid"]
    killer = stack.run(stack.image, entrypoint="python3", command=[*KILL, str(before)], pid_mode="host", user="0")
    assert finished(killer) == (0, "")

    def back() -> bool:
        container.reload()
        return container.attrs["RestartCount"] == 1 and container.attrs["State"]["Pid"] not in {0, before}

    eventually(back, "the engine brings it back")
