"""What is read of a host: made-up tables of the kernel, and made-up answers of an engine."""

from __future__ import annotations

import hashlib
import json
import os
import socket
from collections.abc import Sequence
from pathlib import Path

import pytest

from freqops.core.bot import left_alone
from freqops.core.bot.left_alone import CONFIG_FILES, WORKING_DIR
from freqops.core.preflight import host_probe
from tests.unit.core.preflight.fleets import credential

HEAD = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
LINE = (
    "   0: {address}:{port:04X} 00000000:0000 {state} 00000000:00000000 00:00000000 00000000     0        0 {inode}\n"
)
Answers = dict[str, tuple[int, str]]


@pytest.fixture
def proc(tmp_path: Path) -> Path:
    """Return a kernel with an SSH server, a listening port without a known owner, and one connection."""
    home = tmp_path / "proc"
    (home / "net").mkdir(parents=True)
    (home / "sys" / "kernel" / "random").mkdir(parents=True)
    (home / "sys" / "kernel" / "random" / "boot_id").write_text("6d1c\n")
    (home / "self" / "ns").mkdir(parents=True)
    (home / "self" / "ns" / "pid").symlink_to("pid:[4026531836]")
    (home / "self" / "ns" / "user").symlink_to("user:[4026531837]")
    (home / "self" / "mountinfo").write_text("22 1 8:1 / / rw - ext4 /dev/sda1 rw\n")
    (home / "meminfo").write_text("MemTotal:        4000000 kB\nMemFree: 1 kB\n")
    rows = [("00000000", 22, "0A", 7), ("0100007F", 8081, "0A", 8), ("0100007F", 9999, "01", 9)]
    (home / "net" / "tcp").write_text(
        HEAD + "".join(LINE.format(address=a, port=p, state=s, inode=i) for a, p, s, i in rows)
    )
    (home / "net" / "tcp6").write_text(HEAD + LINE.format(address="0" * 32, port=8443, state="0A", inode=10))
    (home / "41" / "fd").mkdir(parents=True)
    (home / "41" / "comm").write_text("sshd\n")
    (home / "41" / "fd" / "3").symlink_to("socket:[7]")
    return home


def answering(answers: Answers) -> host_probe.Run:
    def run(command: Sequence[str]) -> tuple[int, str]:
        return answers.get(command[1], (1, "")) if command[1] != "compose" else answers.get("compose", (1, ""))

    return run


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put a program called docker, and nothing else, on the path."""
    (tmp_path / "bin").mkdir()
    docker = tmp_path / "bin" / "docker"
    docker.write_text("")
    docker.chmod(0o755)
    monkeypatch.setenv("PATH", str(docker.parent))
    return docker


def version(**server: object) -> tuple[int, str]:
    return 0, json.dumps({"Client": {"Version": "26.1.5"}, "Server": {"Version": "26.1.5", **server}})


INFO = (0, json.dumps({"DockerRootDir": "/var/lib/docker", "SecurityOptions": ["name=seccomp"]}))


def test_a_bare_host(proc: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    found = host_probe.look(["an-image"], root=tmp_path / "none", proc=proc)
    assert found["engine"] == {"program": None, "compose": None, "compose_v1": False}
    assert found["memory"] == 4000000 * 1024
    assert found["machine"] == "6d1c pid:[4026531836]"
    assert found["images"] == {"an-image": False}
    assert found["exchange_keys"] == []
    assert found["disks"]["srv"]["path"] == str(tmp_path)
    assert found["disks"]["srv"]["free"] > 0


def container(name: str, status: str, *wanted: str, given: str = "") -> str:
    """Return what the engine says of a container that asked for ports, and was given one of the engine's choice."""
    found = {"name": f"/{name}", "status": status, "wanted": {"8080/tcp": [{"HostPort": port} for port in wanted]}}
    other = {"8080/tcp": [{"HostPort": given}] if given else None, "53/udp": [{"HostPort": "53"}]}
    return json.dumps({**found, "given": other}) + "\n"


def test_ports_have_owners(proc: Path, tmp_path: Path, program: Path) -> None:
    listing = [
        container("freqops-alpha", "running", "8081"),
        container("other", "running", "9000-9001", given="9000"),
        container("any", "running", "", given="32768"),
        container("freqops-beta", "restarting", "8082"),
        container("4f85a1990123_freqops-gamma", "running", "8083"),
        container("over", "exited", "8084"),
        container("late", "restarting", "22"),
    ]
    answers: Answers = {
        "version": version(),
        "info": INFO,
        "ps": (0, "a\nb\n"),
        "inspect": (1, "".join(listing)),  # one of them was gone when it was asked for
    }
    found = host_probe.look([], root=tmp_path, proc=proc, run=answering(answers))
    assert found["ports"] == {
        "22": "process 41 (sshd)",
        "8081": "container freqops-alpha",
        "8082": "container freqops-beta",
        "8083": "container freqops-gamma",
        "8443": "",
        "9000": "container other",
        "9001": "container other",
        "32768": "container any",
    }


def test_a_port_of_a_container_that_is_just_being_replaced_is_looked_at_again(
    proc: Path, tmp_path: Path, program: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (proc / "41" / "comm").write_text("docker-proxy\n")
    monkeypatch.setattr(host_probe, "LOOK_SECONDS", 0)
    listings = [container("freqops-alpha", status, "22") for status in ("created", "created", "running")]

    def run(command: Sequence[str]) -> tuple[int, str]:
        if command[1] == "inspect":
            return 0, listings.pop(0)
        return answering({"version": version(), "info": INFO, "ps": (0, "a\n")})(command)

    assert host_probe.look([], root=tmp_path, proc=proc, run=run)["ports"]["22"] == "container freqops-alpha"
    assert not listings


def test_a_port_of_a_program_that_just_ended_is_looked_at_again(
    proc: Path, tmp_path: Path, program: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[float] = []

    def wait(seconds: float) -> None:
        looked.append(seconds)
        table = proc / "net" / "tcp6"
        table.write_text("".join(line for line in table.read_text().splitlines(keepends=True) if ":20FB" not in line))

    assert ":20FB" in (proc / "net" / "tcp6").read_text()  # 8443, whose program is not seen
    monkeypatch.setattr("time.sleep", wait)
    answers: Answers = {"version": version(), "info": INFO}
    found = host_probe.look([], root=tmp_path, proc=proc, run=answering(answers))
    assert "8443" not in found["ports"]
    assert looked == [host_probe.LOOK_SECONDS]


def test_a_proxy_whose_container_nobody_names_is_told_as_it_is(
    proc: Path, tmp_path: Path, program: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (proc / "41" / "comm").write_text("docker-proxy\n")
    monkeypatch.setattr(host_probe, "LOOK_SECONDS", 0)
    answers: Answers = {"version": version(), "info": INFO}
    found = host_probe.look([], root=tmp_path, proc=proc, run=answering(answers))
    assert found["ports"]["22"] == "process 41 (docker-proxy)"


@pytest.mark.parametrize(
    ("answers", "wanted"),
    [
        ({"version": version(), "info": INFO, "compose": (0, "v2.26.1\n")}, {"answers": True, "compose": "2.26.1"}),
        ({"version": version(Components=[{"Name": "Podman Engine"}]), "info": INFO}, {"podman": True}),
        ({"version": version(), "info": (0, json.dumps({"SecurityOptions": ["name=rootless"]}))}, {"rootless": True}),
        ({"version": version(), "info": (0, json.dumps({"DockerRootDir": "/var/snap/docker"}))}, {"snap": True}),
        ({"version": (124, "")}, {"answers": False, "hangs": True}),
        ({"version": (1, json.dumps({"Client": {"Version": "20.10.1"}, "Server": None}))}, {"answers": False}),
        ({"version": (0, "[]")}, {"answers": False, "hangs": False}),
    ],
)
def test_engines_are_told_apart(
    proc: Path, tmp_path: Path, program: Path, answers: Answers, wanted: dict[str, object]
) -> None:
    engine = host_probe.look([], root=tmp_path, proc=proc, run=answering(answers))["engine"]
    assert {key: engine[key] for key in wanted} == wanted
    plain = {"podman", "rootless", "snap"} - wanted.keys()
    assert not any(engine[key] for key in plain)


def test_keys_of_accounts_are_seen_and_not_told(proc: Path, tmp_path: Path, program: Path) -> None:
    for name, document in (("alpha", {}), ("gamma", {"exchange": {"key": credential("k"), "secret": credential("s")}})):
        conf = tmp_path / "bots" / name / "conf"
        conf.mkdir(parents=True)
        (conf / "secrets.json").write_text(json.dumps(document))
    found = host_probe.look([], root=tmp_path, proc=proc, run=answering({}))
    assert found["exchange_keys"] == ["gamma"]
    assert found["notify_secrets"] == {}
    assert credential("k") not in json.dumps(found)


def test_messengers_are_seen_as_far_as_they_are_whole_and_their_secrets_not_told(
    proc: Path, tmp_path: Path, program: Path
) -> None:
    half = {"telegram": {"token": credential("t"), "chat_id": "", "enabled": False}, "webhook": {"url": 1}}
    whole = {"telegram": {"token": credential("t"), "chat_id": "1"}, "discord": {"webhook_url": credential("d")}}
    for name, document in (("alpha", half), ("beta", whole), ("gamma", [])):
        conf = tmp_path / "bots" / name / "conf"
        conf.mkdir(parents=True)
        (conf / "secrets.json").write_text(json.dumps(document))
    found = host_probe.look([], root=tmp_path, proc=proc, run=answering({}))
    assert found["notify_secrets"] == {"beta": ["telegram", "discord"]}
    assert credential("t") not in json.dumps(found)


def test_a_telegram_token_is_known_again_and_not_told(proc: Path, tmp_path: Path, program: Path) -> None:
    token = f"987654321:{credential('t')[:35]}"
    sections = {
        "alpha": {"token": token, "chat_id": "1"},
        "beta": {"token": token, "enabled": False},
        "gamma": {"token": "1:short", "enabled": True},
        "delta": {"token": [token], "enabled": True},
    }
    for name, section in sections.items():
        conf = tmp_path / "bots" / name / "conf"
        conf.mkdir(parents=True)
        (conf / "secrets.json").write_text(json.dumps({"telegram": section}))
    found = host_probe.look([], root=tmp_path, proc=proc, run=answering({}))
    mark = hashlib.sha256(token.encode()).hexdigest()
    assert found["telegram_tokens"] == {
        "alpha": {"mark": mark, "enabled": True},
        "beta": {"mark": mark, "enabled": False},
    }, "what is no token of Telegram could be found by trying"
    assert token[10:] not in json.dumps(found)


def test_a_port_of_this_machine_is_seen() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = str(server.getsockname()[1])
        assert "process" in host_probe.look([])["ports"][port]


def test_a_program_that_says_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    assert host_probe.run(["echo", "here"]) == (0, "here\n")
    assert host_probe.run(["/nowhere/at/all"])[0] == 127
    monkeypatch.setattr(host_probe, "PATIENCE", 0.05)  # from here on, only what never ends by itself
    assert host_probe.run(["sleep", "1000"]) == (124, "")


def test_a_freqtrade_of_nobody_is_seen_unless_it_is_left_alone(proc: Path, tmp_path: Path, program: Path) -> None:
    """Of two in containers of Compose the one is left alone, and the other is not; nor is one in no container."""
    engine = tmp_path / "containers"
    (proc / "1").mkdir()
    (proc / "1" / "cgroup").write_text("0::/init.scope\n")
    for pid, name in ((61, "beta"), (62, "gamma"), (63, "")):
        (proc / str(pid) / "ns").mkdir(parents=True)
        (proc / str(pid) / "ns" / "user").symlink_to("user:[4026531837]")
        (proc / str(pid) / "mountinfo").write_text("")
        (proc / str(pid) / "cmdline").write_bytes(b"freqtrade\0trade\0")
        (proc / str(pid) / "status").write_text("Name:\tfreqtrade\nState:\tS (sleeping)\nNSpid:\t1\n")
        number = f"{pid:064x}"
        (proc / str(pid) / "cgroup").write_text(f"0::/docker/{number}\n" if name else "0::/user.slice\n")
        if name:
            (tmp_path / name).mkdir()
            (tmp_path / name / "docker-compose.yml").write_text("services: {}\n")
            labels = {CONFIG_FILES: str(tmp_path / name / "docker-compose.yml"), WORKING_DIR: str(tmp_path / name)}
            (engine / number).mkdir(parents=True)
            (engine / number / "config.v2.json").write_text(json.dumps({"ID": number, "Config": {"Labels": labels}}))
    places = left_alone.Places(containers=engine, proc=proc, owner=os.geteuid())

    def seen(left: list[dict[str, str]]) -> list[int]:
        said = host_probe.look([], left, root=tmp_path / "none", proc=proc, run=answering({}), places=places)
        assert said["bots"] == []
        assert {each["command"] for each in said["undeclared"]} <= {"freqtrade trade"}
        return sorted(each["pid"] for each in said["undeclared"])

    assert seen([{"project": str(tmp_path / "beta"), "reason": "later"}]) == [62, 63]
    assert seen([]) == [61, 62, 63]
    assert seen([{"project": "no path"}]) == [61, 62, 63]


def test_it_says_of_which_version_cluster_and_image_of_postgres_are(proc: Path, program: Path, tmp_path: Path) -> None:
    (tmp_path / "postgres" / "data").mkdir(parents=True)
    path = tmp_path / "postgres" / "data" / "PG_VERSION"
    path.write_text("15\n")

    def run(command: Sequence[str]) -> tuple[int, str]:
        if command[1:3] == ["image", "inspect"]:
            return (0, json.dumps([{"Config": {"Env": ["PG_MAJOR=17"]}}])) if command[3] == "there" else (1, "")
        return {"version": version(), "info": INFO}.get(command[1], (0, ""))

    found = host_probe.look(["there", "gone"], root=tmp_path, proc=proc, run=run)
    assert program.exists()
    assert found["images"] == {"there": True, "gone": False}
    assert found["postgres"] == {"cluster": 15, "images": {"there": 17, "gone": None}}
    path.write_text("what")
    assert host_probe.look([], root=tmp_path, proc=proc, run=run)["postgres"]["cluster"] is None
