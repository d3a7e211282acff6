"""The short way says that nothing is the matter only where the long way would say the same, and leaves it the rest."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from freqops.hostctl import cli, short_way
from freqops.hostctl.bot import quick_probe
from freqops.hostctl.bot.probe_limits import STALE_SECONDS

LONG_WAY = 70


@pytest.fixture(autouse=True)
def long_way(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """What went the long way."""
    went: list[list[str]] = []

    def go(arguments: list[str]) -> int:
        went.append(arguments)
        return LONG_WAY

    monkeypatch.setattr(cli, "main", go)
    return went


# --- the guard's backstop


def guard_was_here(stamps: Path, ago: float) -> None:
    path = stamps / "guard.stamp"
    path.touch()
    os.utime(path, (time.time() - ago,) * 2)


def test_where_the_guard_comes_round_there_is_nothing_to_do_but_to_leave_a_stamp(
    long_way: list[list[str]], stamps: Path
) -> None:
    guard_was_here(stamps, ago=1)
    path = stamps / "reassert.stamp"
    path.touch()
    os.utime(path, (0, 0))
    assert (short_way.main(["reassert"]), long_way) == (0, [])
    assert path.stat().st_mtime > 0


@pytest.mark.parametrize("ago", [None, 3600, -3600])
def test_a_guard_that_may_not_come_round_takes_the_long_way(
    long_way: list[list[str]], stamps: Path, ago: float | None
) -> None:
    (stamps / "guard.stamp").unlink(missing_ok=True)
    if ago is not None:
        guard_was_here(stamps, ago)
    assert (short_way.main(["reassert"]), long_way) == (LONG_WAY, [["reassert"]])


@pytest.mark.parametrize("arguments", [[], ["--root", "/x", "reassert"], ["reassert", "--help"], ["status"], ["gate"]])
def test_every_other_command_takes_the_long_way(long_way: list[list[str]], arguments: list[str]) -> None:
    assert (short_way.main(arguments), long_way) == (LONG_WAY, [arguments])


# --- health check

HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n"


@contextmanager
def api(monkeypatch: pytest.MonkeyPatch, *answers: bytes) -> Iterator[list[bytes]]:
    """What answers on the bot's port: the first call first."""
    asked: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        monkeypatch.setattr(quick_probe, "PORT_IN_CONTAINER", server.getsockname()[1])

        def serve() -> None:
            with contextlib.suppress(OSError):  # not every answer is asked for
                for answer in answers:
                    connection, _ = server.accept()
                    with connection:
                        asked.append(connection.recv(65536))
                        connection.sendall(answer)

        worker = threading.Thread(target=serve, daemon=True)
        worker.start()
        yield asked


def said(**document: Any) -> bytes:
    return HEAD + json.dumps(document).encode()


Probe = Callable[..., int]


@pytest.fixture
def probe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Probe:
    secrets = tmp_path / "secrets.json"
    secrets.write_text('{"api_server": {"username": "freqops", "password": "pass"}}')
    monkeypatch.setattr(quick_probe, "SECRETS", str(secrets))
    monkeypatch.setattr(quick_probe, "SECONDS", 30.0)  # a busy machine decides nothing here

    def run(*answers: bytes) -> int:
        with api(monkeypatch, *answers) as asked:
            status = short_way.main(["probe"])
        assert all(b"Authorization: Basic ZnJlcW9wczpwYXNz\r\n" in each for each in asked)
        return status

    return run


@pytest.mark.parametrize("state", ["running", "paused"])
def test_a_plainly_healthy_bot(probe: Probe, long_way: list[list[str]], capsys: Any, state: str) -> None:
    assert (probe(said(state=state), said(last_process_ts=int(time.time()))), long_way) == (0, [])
    assert capsys.readouterr().out == f"{state}\n"


NOW = said(last_process_ts=int(time.time()))
RUNNING = said(state="running")


@pytest.mark.parametrize(
    "answers",
    [
        (said(state="stopped"), NOW),
        (said(state="reload_config"), NOW),
        (said(), NOW),
        (said(state=["running"]), NOW),
        (RUNNING, said(last_process_ts=None)),
        (RUNNING, said(last_process_ts=int(time.time()) - STALE_SECONDS - 60)),
        (RUNNING, said()),
        (RUNNING, NOW[:-1]),
        (RUNNING, NOW.replace(b"200 OK", b"401 Unauthorized")),
        (RUNNING, HEAD + b"[]"),
        (RUNNING, b""),
        (b"state: running", NOW),
        (b"HTTP/1.1 200 OK", NOW),
    ],
)
def test_anything_else_takes_the_long_way(probe: Probe, long_way: list[list[str]], answers: tuple[bytes, ...]) -> None:
    assert (probe(*answers), long_way) == (LONG_WAY, [["probe"]])


def test_nothing_that_listens_and_no_secrets_take_the_long_way(
    probe: Probe, long_way: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quick_probe, "PORT_IN_CONTAINER", 1)
    assert short_way.main(["probe"]) == LONG_WAY
    monkeypatch.setattr(quick_probe, "SECRETS", "/nonexistent")
    assert short_way.main(["probe"]) == LONG_WAY


# --- what each start loads


@pytest.mark.parametrize(
    ("code", "never"),
    [
        ("from freqops.hostctl import short_way", ("argparse", "json", "pathlib", "freqops.core.halt.holds")),
        ("from freqops.hostctl.bot import start_gate", ("argparse", "dataclasses", "http", "freqops.core.halt.holds")),
        ("from freqops.hostctl.bot import quick_probe", ("argparse", "dataclasses", "http", "freqops.core.bot.client")),
        (
            "from freqops.hostctl import cli; cli._parser(['halt'])",
            ("subprocess", "http", "freqops.core.base.outcome", "freqops.core.bot.client", "freqops.witness"),
        ),
    ],
)
def test_what_runs_all_day_and_before_a_latch_loads_little(code: str, never: tuple[str, ...]) -> None:
    show = f"import sys; {code}; print([name for name in {never!r} if name in sys.modules])"
    ran = subprocess.run(
        [sys.executable, "-S", "-c", show], capture_output=True, text=True, check=False, timeout=60,
        env={"PYTHONPATH": str(Path(cli.__file__).parents[2])},
    )  # fmt: skip
    assert ran.stdout.strip() == "[]", ran.stdout + ran.stderr


def test_a_command_that_is_named_loads_no_other() -> None:
    show = (
        "import sys; from freqops.hostctl import cli; cli._parser(['keepalive'])\n"
        "modules = {name: name.replace('-', '_') for name in cli.COMMANDS}\n"
        "print([name for name in modules if f'freqops.hostctl.commands.{modules[name]}' in sys.modules])"
    )
    ran = subprocess.run(
        [sys.executable, "-S", "-c", show], capture_output=True, text=True, check=False, timeout=60,
        env={"PYTHONPATH": str(Path(cli.__file__).parents[2])},
    )  # fmt: skip
    assert ran.stdout.strip() == "['keepalive']", ran.stdout + ran.stderr
