"""What is said to the engine for a deploy, through a program of its name."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from freqops.hostctl.bot.engine import Engine
from freqops.hostctl.bot.engine_command import EngineError

Script = Callable[[str], Path]
COMPOSE = Path("/x/compose.yml")


@pytest.fixture
def docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Script:
    """Return a function that makes a docker of a script, and the file in which it notes what it was asked."""

    def script(text: str) -> Path:
        noted, path = tmp_path / "asked", tmp_path / "bin" / "docker"
        path.parent.mkdir(exist_ok=True)
        path.write_text(f'#!/bin/sh\necho "$@" >>{noted}\n{text}\n')
        path.chmod(0o755)
        return noted

    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    return script


def test_what_is_brought_up_is_waited_for(docker: Script) -> None:
    noted = docker("")
    Engine().compose_up_healthy(COMPOSE, 120)
    Engine().compose_up(COMPOSE, recreate=True)
    assert noted.read_text().splitlines() == [
        "compose --file /x/compose.yml up --detach --pull never --wait --wait-timeout 120",
        "compose --file /x/compose.yml up --detach --pull never --quiet-pull --force-recreate",
    ]


def test_what_does_not_become_healthy_is_an_error(docker: Script) -> None:
    docker("echo 'container freqops-postgres is unhealthy'; exit 1")
    with pytest.raises(EngineError, match="is unhealthy"):
        Engine().compose_up_healthy(COMPOSE, 1)


def test_a_container_is_stopped_with_the_time_that_it_is_given(docker: Script) -> None:
    noted = docker("")
    Engine().stop("freqops-alpha", 90)
    assert noted.read_text() == "stop --time 90 freqops-alpha\n"
    docker("exit 1")
    with pytest.raises(EngineError):
        Engine().stop("freqops-alpha", 90)


# --- the containers of a bot


def inspected(name: str, *, project: str = "", source: str = "", target: str = "/freqops/conf", **state: str) -> str:
    return json.dumps(
        {
            "Id": f"id-{name}",
            "Name": f"/{name}",
            "State": {"Status": state.get("status", "restarting")},
            "Config": {"Labels": {"com.docker.compose.project": project} if project else None},
            "HostConfig": {"RestartPolicy": {"Name": state.get("policy", "always")}},
            "Mounts": [{"Source": source, "Destination": target}] if source else [],
        }
    )


def test_the_containers_of_a_bot_are_known_by_project_and_by_conf(docker: Script, tmp_path: Path) -> None:
    conf = tmp_path / "conf"
    conf.mkdir()
    (tmp_path / "link").symlink_to(conf)
    found = [
        inspected("freqops-alpha", project="freqops-alpha", source=str(conf)),
        inspected("by-hand", source=str(conf), status="created"),
        inspected("by-link", source=str(tmp_path / "link"), policy="no"),
        inspected("of-compose", project="freqops-alpha", status="exited", policy=""),
        inspected("freqops-alpha.witness.1", source=str(conf), target="/freqops/asked"),
        inspected("of-another", project="freqops-beta", source=str(tmp_path / "other")),
        inspected("nobodys"),
    ]
    lines = "\n".join(["WARNING: something else", *found])
    noted = docker(f"[ $1 = ps ] && echo 'a b' || cat <<'EOF'\n{lines}\nEOF")
    siblings = Engine().siblings("freqops-alpha", conf)
    assert [(each.name, each.runs, each.comes_back) for each in siblings] == [
        ("by-hand", False, True),
        ("by-link", True, False),
        ("of-compose", False, False),
    ]
    assert noted.read_text().splitlines()[1] == "inspect --type=container --format={{json .}} a b"


def test_a_host_without_containers_has_none_of_a_bot(docker: Script, tmp_path: Path) -> None:
    docker("[ $1 = ps ] || exit 1")
    assert Engine().siblings("freqops-alpha", tmp_path) == []


def test_a_container_that_goes_between_two_questions_is_no_error(docker: Script, tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    docker(
        f"[ $1 = ps ] && echo a && exit; [ -e {gone} ] && echo '{inspected('x', project='freqops-alpha')}' && exit; "
        f"touch {gone}; echo 'Error: No such container: a'; exit 1"
    )
    assert [each.id for each in Engine().siblings("freqops-alpha", tmp_path)] == ["id-x"]


@pytest.mark.parametrize("said", ["Error: No such container: a", "Cannot connect to the Docker daemon"])
def test_an_engine_that_does_not_tell_its_containers_has_not_told_that_there_are_none(
    docker: Script, tmp_path: Path, said: str
) -> None:
    docker(f"[ $1 = ps ] && echo a && exit; echo '{said}'; exit 1")
    with pytest.raises(EngineError):
        Engine().siblings("freqops-alpha", tmp_path)
    docker(f"echo '{said}'; exit 1")
    with pytest.raises(EngineError):
        Engine().siblings("freqops-alpha", tmp_path)


# --- files through a command


def test_a_file_goes_in_and_another_one_comes_out(tmp_path: Path) -> None:
    source, output = tmp_path / "in", tmp_path / "out"
    source.write_bytes(b"\x00\xffarchive")
    output.write_text("somebody else's, readable by all")
    output.chmod(0o644)
    assert Engine().pipe(["cat"], 10, source=source, output=output) == ""
    assert output.read_bytes() == b"\x00\xffarchive"
    assert output.stat().st_mode & 0o777 == 0o600


def test_without_files_it_reads_nothing_and_returns_what_was_said() -> None:
    assert Engine().pipe(["sh", "-c", "cat; echo said; echo beside >&2"], 10) == "said\n"


def test_a_command_that_fails_says_why(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="version mismatch"):
        Engine().pipe(["sh", "-c", "echo data; echo version mismatch >&2; exit 3"], 10, output=tmp_path / "out")


def test_a_command_that_hangs_is_ended_with_its_children(tmp_path: Path) -> None:
    began = time.monotonic()
    with pytest.raises(EngineError, match="did not end within 0 s"):
        Engine().pipe(["sh", "-c", "sleep 60 & sleep 60"], 0.2, output=tmp_path / "out")
    assert time.monotonic() - began < 20


def test_a_file_that_is_not_there_is_no_empty_one(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Engine().pipe(["cat"], 10, source=tmp_path / "absent")


def test_what_runs_and_its_images_are_described(docker: Script) -> None:
    noted = docker("""case "$1 $2" in
    "ps "*) echo one two;;
    "inspect "*) echo '{"Id": "one"}'; echo '{"Id": "two"}';;
    "image inspect") echo '{"Id": "sha256:1", "RepoDigests": []}'; echo 'Error: No such image: sha256:2' >&2; exit 1;;
    esac""")
    assert [each["Id"] for each in Engine().running_containers()] == ["one", "two"]
    assert Engine().image_facts(["sha256:1", "sha256:2"]) == {"sha256:1": {"Id": "sha256:1", "RepoDigests": []}}
    assert noted.read_text().splitlines()[0] == "ps --quiet --no-trunc"
    assert Engine().image_facts([]) == {}
    docker("echo 'permission denied' >&2; exit 1")
    for ask in (Engine().running_containers, lambda: Engine().image_facts(["sha256:1"])):
        with pytest.raises(EngineError, match="permission denied"):
            ask()
