"""A host that cannot carry what the inventory gives it is refused, with the figure and the cure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from freqops.core.preflight import host as preflight_host
from tests.unit.core.preflight.fleets import IMAGE, bot, fleet, inventory

GIB = 1024**3
ENGINE = {
    "program": "/usr/bin/docker", "answers": True, "hangs": False, "podman": False, "snap": False, "rootless": False,
    "version": "26.1.5", "home": "/var/lib/docker", "compose": "2.26.1", "compose_v1": False,
}  # fmt: skip
Found = dict[str, Any]


def found(**changed: Any) -> Found:
    """Return what a sound host answers."""
    sound = {
        "asked": 1000.0,
        "clock": 1000.4,
        "answered": 1001.0,
        "memory": 8 * GIB,
        "disks": {
            "srv": {"path": "/srv", "free": 50 * GIB, "device": 1},
            "docker": {"path": "/var/lib/docker", "free": 50 * GIB, "device": 2},
        },
        "ports": {"22": "process 41 (sshd)"},
        "engine": dict(ENGINE),
        "distribution": {"name": "debian", "version": "13", "shown": "Debian GNU/Linux 13 (trixie)"},
        "images": {IMAGE: True},
        "exchange_keys": [],
        "notify_secrets": {},
        "bots": ["alpha"],
        "undeclared": [],
    }
    return {**sound, **changed}


def judged(host: str = "paper-1", hosts: Any = None, exchange: Any = None, **changed: Any) -> list[str]:
    return [refusal.line for refusal in preflight_host.judge(fleet(hosts, exchange), host, found(**changed))]


def engine(**changed: Any) -> Found:
    return {"engine": {**ENGINE, **changed}}


def system(name: str, version: str) -> Found:
    return {"distribution": {"name": name, "version": version, "shown": f"{name} {version}"}}


def disks(srv: float, docker: float, device: int = 2) -> Found:
    return {
        "disks": {
            "srv": {"path": "/srv", "free": int(srv * GIB), "device": 1},
            "docker": {"path": "/var/lib/docker", "free": int(docker * GIB), "device": device},
        }
    }


MISSING: Found = {"images": {IMAGE: False}}
REFUSED: dict[str, tuple[Found, str]] = {
    "not looked at": ({}, "it was not looked at"),
    "another system": (system("fedora", "42"), "it runs fedora 42; supported are Debian 12 and 13"),
    "an old system": (system("debian", "11"), "it runs debian 11; supported are Debian 12 and 13"),
    "an old engine": (
        engine(version="19.03.15"),
        "its engine is Docker 19.03.15; upgrade it: 20.10 is the oldest that is tried",
    ),
    "an old Compose": (engine(compose="2.17.3"), "its Compose is 2.17.3; upgrade it: 2.18 is the oldest that is tried"),
    "Compose 1": (engine(compose=None, compose_v1=True), "its Compose is the old docker-compose 1; remove it"),
    "Podman": (engine(podman=True), "its engine is Podman under the name of Docker; remove it"),
    "a snap": (engine(snap=True), "its engine is Docker from a snap; remove it"),
    "rootless": (engine(rootless=True), "its engine is rootless Docker; remove it"),
    "a stuck engine": (engine(hangs=True, answers=False), "its engine does not answer; look at 'systemctl status"),
    "a clock behind": (
        {"clock": 990.0},
        (
            "its clock is 10 s behind that of the control node; set both by NTP (timedatectl); 5 s are allowed, by "
            "host_clock_tolerance"
        ),
    ),
    "a clock ahead": ({"clock": 1061.0}, "its clock is 60 s ahead of that of the control node; set both by NTP"),
    "little memory": (
        {"memory": 2 * GIB},
        (
            "it has 2048 MiB of memory, and 2 bots (2048 MiB), Postgres (512 MiB) and host_memory_reserve (512 "
            "MiB) need "
            "3072 MiB; move bots to another host or lower their memory"
        ),
    ),
    "no room for an image": (
        {**disks(50, 2), **MISSING},
        "2048 MiB are free at /var/lib/docker, and 3072 MiB are needed; make room",
    ),
    "no room at all": (disks(50, 0.5), "512 MiB are free at /var/lib/docker, and 1024 MiB are needed; make room"),
    "no room for records": (
        disks(0.5, 50),
        "512 MiB are free at /srv, and 1024 MiB are needed; make room, but not with 'docker image prune'",
    ),
    "a port taken by a program": (
        {"ports": {"8082": "process 7 (nginx)"}},
        "paper-1 beta: api_port 8082 is taken on the host by process 7 (nginx); end that, or give the bot another port",
    ),
    "a port taken by another bot": (
        {"ports": {"8082": "container freqops-alpha"}},
        "paper-1 beta: api_port 8082 is taken on the host by container freqops-alpha; end that",
    ),
    "a new bot beside a Freqtrade of nobody": (
        {"undeclared": [{"pid": 7, "command": "freqtrade trade\x1b[2J"}]},
        "a Freqtrade that belongs to no bot runs there, process 7 (freqtrade trade\\x1b[2J); beta would come up",
    ),
    "a port taken by nobody known": (
        {"ports": {"8082": ""}},
        "paper-1 beta: api_port 8082 is taken on the host by a program that cannot be seen; end that",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_must_be_refused_is_refused_and_named(name: str) -> None:
    changed, said = REFUSED[name]
    lines = judged(**changed) if changed else [refusal.line for refusal in preflight_host.judge(fleet(), "paper-1", {})]
    assert len(lines) == 1
    assert lines[0].startswith("paper-1")
    assert said in lines[0]


ACCEPTED: dict[str, Found] = {
    "a sound host": {},
    "Ubuntu": system("ubuntu", "24.04"),
    "no engine": {"engine": {"program": None, "compose": None, "compose_v1": False}, **MISSING},
    "an engine at rest": engine(answers=False, version="26.1.5"),
    "the oldest engine": engine(version="20.10.24", compose="2.18.0"),
    "Compose 1 beside 2": engine(compose_v1=True),
    "a slow connection": {"asked": 970.0, "clock": 1000.0, "answered": 1030.0},
    "a clock within tolerance": {"clock": 995.1},
    "just enough memory": {"memory": 3 * GIB},
    "little room, images there": disks(1, 1),
    "one file system": disks(0.5, 1, device=1),
    "a Freqtrade of nobody, and no new bot": {
        "bots": ["alpha", "beta"],
        "undeclared": [{"pid": 7, "command": "freqtrade"}],
    },
    "its own port": {"ports": {"8081": "container freqops-alpha", "8082": "container freqops-beta"}},
}


@pytest.mark.parametrize("name", ACCEPTED)
def test_what_is_sound_is_accepted(name: str) -> None:
    assert judged(**ACCEPTED[name]) == []


def test_room_is_needed_for_the_image_of_each_bot() -> None:
    hosts, other = inventory(), IMAGE.replace("freqtrade@", "ai@")
    hosts["paper-1"]["freqtrade_bots"][1]["freqtrade_image"] = other
    [line] = judged(hosts=hosts, images={IMAGE: True, other: False}, **disks(1, 1))
    assert line.startswith("paper-1: 1024 MiB are free at /var/lib/docker, and 3072 MiB are needed")
    assert judged(hosts=hosts, images={IMAGE: True, other: True}, **disks(1, 1)) == []
    for each in hosts["paper-1"]["freqtrade_bots"]:
        each["freqtrade_image"] = other
    hosts["paper-1"]["postgres_image"] = other
    assert judged(hosts=hosts, images={IMAGE: False, other: True}, **disks(1, 1)) == [], "nobody runs in the host's"


def test_room_is_needed_for_the_image_of_postgres_where_a_bot_is_on_it() -> None:
    hosts, other = inventory(), IMAGE.replace("freqtrade@", "postgres@")
    hosts["paper-1"]["postgres_image"] = other
    found = {"images": {IMAGE: True, other: False}, **disks(1, 1)}
    assert len(judged(hosts=hosts, **found)) == 1
    for each in hosts["paper-1"]["freqtrade_bots"]:
        each["database"] = "sqlite"
    assert judged(hosts=hosts, **found) == []


def change(**changed: Any) -> Callable[[Any], Any]:
    return lambda hosts: hosts["paper-1"].update(changed)


@pytest.mark.parametrize(
    ("spoil", "need"),
    [
        (lambda hosts: bot(hosts, "beta").update(memory="3g"), 5120),
        (change(freqtrade_memory="512m"), 2048),
        (change(postgres_memory="1g"), 3584),
        (change(host_memory_reserve="1g"), 3584),
        (lambda hosts: bot(hosts, "alpha").update(database="sqlite"), 2560),
    ],
)
def test_memory_is_that_of_bots_database_and_system(spoil: Callable[[Any], Any], need: int) -> None:
    hosts = inventory()
    spoil(hosts)
    assert judged(hosts=hosts, memory=need * 1024**2) == []
    [line] = judged(hosts=hosts, memory=need * 1024**2 - 1)
    assert f"need {need} MiB" in line


def test_the_tolerance_of_the_clock_is_the_hosts_own() -> None:
    hosts = inventory()
    hosts["paper-1"]["host_clock_tolerance"] = 20
    assert judged(hosts=hosts, clock=990.0) == []
    assert len(judged(hosts=hosts, clock=970.0)) == 1


def test_a_live_bot_needs_an_account_here_or_there() -> None:
    line = (
        "prod-1 gamma: it has no account, and mode live needs one; put key and secret of its account into "
        "secrets_exchange in secrets.yml, each a text of at least 16 characters"
    )
    assert judged("prod-1", exchange={}) == [line]
    assert judged("prod-1", exchange={}, exchange_keys=["gamma"]) == []
    assert judged("prod-1") == []
    assert judged("paper-1", exchange={}) == []


def test_an_image_of_another_major_version_than_the_cluster_is_refused() -> None:
    hosts, other = inventory(), IMAGE.replace("freqtrade@", "postgres@")
    hosts["paper-1"]["postgres_image"] = other
    there: Found = {"images": {IMAGE: True, other: True}}
    [line] = judged(hosts=hosts, images=there["images"], postgres={"cluster": 15, "images": {other: 17}})
    assert line.startswith(
        "paper-1: postgres_image is Postgres 17, and the cluster on its disk is of Postgres 15; upgrade_"
    )
    for found_there in ({"cluster": 17, "images": {other: 17}}, {"cluster": None, "images": {other: 17}},
                        {"cluster": 15, "images": {other: None}}):  # fmt: skip
        assert judged(hosts=hosts, images=there["images"], postgres=found_there) == []
