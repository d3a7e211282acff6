"""The start gate as the entrypoint of the real image."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from docker.models.containers import Container

from freqops.core.bot.crash_loop import CRASHES
from tests.contract.bot import STOP_SECONDS
from tests.contract.conftest import Deployed
from tests.contract.deployed import Files, compose_service, container_options
from tests.contract.polling import eventually
from tests.contract.stack import Stack

FREQTRADE_WOULD_SAY = "freqtrade - INFO - freqtrade"
SAYS = "freqops start gate: Freqtrade is not started: "
Gated = Callable[..., Container]


@pytest.fixture
def files(tmp_path: Path) -> Files:
    made = Files(tmp_path / "home")
    made.put_state("running")
    return made


@pytest.fixture
def gated(stack: Stack, files: Files) -> Gated:
    def start(command: list[str] | None = None, restart: str = "no") -> Container:
        options = container_options(compose_service(files.home, "gated", stack.image))
        if command is not None:
            options["command"] = command
        return stack.run(stack.image, restart_policy={"Name": restart}, **options)

    return start


def _why(container: Container) -> str:
    """Return what the gate said; the container must be up and run nothing but the gate."""

    def said() -> str:
        text: str = container.logs().decode()
        return text.rpartition(SAYS)[2] if SAYS in text else ""

    why = eventually(said, "the gate says why")
    container.reload()
    assert container.status == "running"
    (process,) = container.top()["Processes"]
    assert "freqops-host gate" in process[-1]
    assert FREQTRADE_WOULD_SAY not in container.logs().decode()
    return why


def test_level_3_waits_and_says_why(files: Files, gated: Gated) -> None:
    """Under a hold of level 3 Freqtrade is not started."""
    files.put_holds(3)
    files.put_state("paused")
    assert _why(gated()).startswith("held at level 3: contract (i-halt)")


@pytest.mark.parametrize("content", [b"", b"{", b'{"version": 1, "seq": 0}'])
def test_unreadable_holds_wait(files: Files, gated: Gated, content: bytes) -> None:
    """Holds that cannot be read count as level 3."""
    files.put_conf("holds.json", content)
    files.put_state("paused")
    assert "counts as level 3" in _why(gated())


def test_missing_holds_wait(files: Files, gated: Gated) -> None:
    """Holds that are missing count as level 3."""
    (files.conf / "holds.json").unlink()
    assert "counts as level 3" in _why(gated())


def test_level_1_waits_unless_the_bot_would_start_at_rest(files: Files, gated: Gated) -> None:
    """Under a hold of level 1 a bot that would start running is not started."""
    files.put_holds(1)
    assert "initial_state is 'running'" in _why(gated())


def test_level_1_starts_a_bot_into_a_pause(deployed: Deployed) -> None:
    """A bot whose initial state is paused starts into a pause.

    So a hold of level 1 writes that state.
    """
    assert deployed.held.state == "paused"
    assert deployed.held.last_process is not None


def test_a_waiting_gate_ends_when_told(files: Files, gated: Gated) -> None:
    """A gate that waits ends when told."""
    files.put_holds(3)
    container = gated()
    _why(container)
    container.stop(timeout=STOP_SECONDS)
    container.reload()
    assert container.attrs["State"]["ExitCode"] == 0


def test_a_resume_is_not_noticed_while_it_waits(files: Files, gated: Gated) -> None:
    """A gate that waits under a hold never changes its mind.

    So a bot is started through freqops-host start and nowhere else.
    """
    files.put_holds(3)
    container = gated()
    _why(container)
    files.put_holds()
    assert _why(container).startswith("held at level 3")


def test_the_fifth_crash_is_the_last(files: Files, gated: Gated) -> None:
    """The engine starts a process that crashed again and again.

    So after the fifth crash in ten minutes the gate waits 2 minutes, then 5, then 15.
    """
    container = gated(["sh", "-c", "exit 1"], restart="unless-stopped")
    assert _why(container).startswith(f"it crashed {CRASHES} times in 10 minutes")
    container.reload()
    assert container.attrs["RestartCount"] == CRASHES
