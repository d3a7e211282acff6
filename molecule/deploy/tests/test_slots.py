"""The documented example of a run under a slot, over the SSH connection of a host, and killed in the middle."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.field import ROOT, Field, command_of, environment, until

HOST = "prod-1"
TTL = 60  # a heartbeat every 10 s; the run ends when nothing was heard for 30 s
MARK = "sleep 98765"


@pytest.fixture
def field() -> Field:
    return Field(HOST, "gamma")


def example(place: Path) -> Path:
    """Write the example with a short time to live, and return where it lies."""
    plays = yaml.safe_load((ROOT / "docs/examples/run_slot.yml").read_text())
    plays[0]["tasks"][0]["block"][0]["freqops_slot"]["ttl_seconds"] = TTL
    path = place / "run_slot.yml"
    path.write_text(yaml.safe_dump(plays))
    return path


def slots(field: Field) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = field.tool("slots --json")[1]["slots"]
    return [row for row in found if row["kind"] == "download" and row["file"]]


def runs(field: Field) -> bool:
    return field.host.run(f"pgrep -xf '{MARK}'").rc == 0


def test_a_play_that_is_killed_beats_no_more_and_its_run_ends_before_its_slot_is_free(
    field: Field, tmp_path: Path
) -> None:
    words = ("--limit", HOST, "-e", json.dumps({"download": MARK.split()}))
    with subprocess.Popen(
        command_of(str(example(tmp_path)), *words),
        cwd=ROOT, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    ) as process:  # fmt: skip
        try:
            until("the command runs under its slot", lambda: runs(field) or process.poll() is not None)
            assert process.poll() is None
            [taken] = slots(field)
            since = field.sh(f"cat /srv/freqops/user_data/state/running/{taken['file']}")
            until("it is kept", lambda: field.sh(f"cat /srv/freqops/user_data/state/running/{taken['file']}") != since)
        finally:
            os.kill(process.pid, signal.SIGKILL)  # the run of Ansible alone: what it began must see that by itself
    rc, refused = field.tool("slot acquire --kind download --pid 1")
    assert rc == 1, refused
    assert "too_many_active_downloads" in refused["refused"]
    until("its run has ended", lambda: not runs(field), 2 * TTL)
    [left] = slots(field)
    assert left["file"] == taken["file"], "it counts until the time to live is over"

    def free() -> dict[str, Any]:
        rc, answer = field.tool("slot acquire --kind download --pid 1")
        return answer if rc == 0 else {}

    given = until("it is free", free, 2 * TTL)
    assert field.tool(f"slot release --token {given['token']}")[0] == 0
    assert slots(field) == []
