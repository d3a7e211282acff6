"""Clock, passwords, images, updates, kernel and sockets: each is ok only where that was seen for certain."""

from __future__ import annotations

from typing import Any

import pytest

from freqops.core.base.kinds import Malformed
from freqops.core.security import clock_drift, images, items, passwords, sockets, updates
from freqops.core.security.clock_drift import Drift
from freqops.core.security.row import OK, RED, UNKNOWN
from freqops.core.security.sockets import Socket
from tests.unit.security_facts import DIGEST, HEAD, LONG, NO_UPDATES, TRACKING, container, secrets, socket_line

ANY = sockets.ANYWHERE[0]

# --- clock

AT = 1_780_000_000_000


@pytest.mark.parametrize(
    ("ahead_ms", "way_ms", "verdict"),
    [
        (0, 40, OK), (900, 40, OK), (-900, 40, OK), (1100, 40, RED), (-1100, 40, RED), (60_000, 3000, RED),
        (0, 3000, UNKNOWN), (990, 200, UNKNOWN),
    ],
)  # fmt: skip
def test_the_time_of_an_exchange(ahead_ms: int, way_ms: int, verdict: str) -> None:
    answer = {"asked_ms": AT, "answered_ms": AT + way_ms, "exchange_ms": AT + way_ms / 2 + ahead_ms}
    row = clock_drift.judged([clock_drift.of_exchange(answer)])
    assert row.verdict == verdict, row


@pytest.mark.parametrize(
    "answer",
    [None, [], {}, {"exchange_ms": AT, "asked_ms": AT, "answered_ms": AT - 1},
     {"exchange_ms": "x", "asked_ms": AT, "answered_ms": AT}, {"exchange_ms": 0, "asked_ms": AT, "answered_ms": AT},
     {"exchange_ms": float("nan"), "asked_ms": AT, "answered_ms": AT}],
)  # fmt: skip
def test_a_time_that_is_none(answer: object) -> None:
    with pytest.raises(Malformed):
        clock_drift.of_exchange(answer)


def test_chrony_tells_its_drift() -> None:
    drift = clock_drift.of_chrony(TRACKING + "\n")
    assert drift == Drift("chrony", 0.000012, 0.015)
    assert clock_drift.judged([drift]).verdict == OK


@pytest.mark.parametrize(
    "output",
    ["", "506 Cannot talk to daemon", TRACKING.replace("Normal", "Not synchronised"), TRACKING.replace(",3,", ",0,"),
     TRACKING.replace("0.000012", "x"), TRACKING.replace("0.000012", "nan"), TRACKING + ",more"],
)  # fmt: skip
def test_chrony_that_follows_no_clock_tells_none(output: str) -> None:
    assert clock_drift.of_chrony(output) is None


def test_one_clock_that_is_far_for_certain_is_red_and_none_at_all_is_not_known() -> None:
    assert clock_drift.judged([Drift("chrony", 0, 0), Drift("the exchange", 5, 0.1)]).verdict == RED
    assert clock_drift.judged([Drift("chrony", 0, 0), Drift("the exchange", 0, 5)]).verdict == OK
    nothing = clock_drift.judged([], ["the exchange did not answer"])
    assert (nothing.verdict, nothing.evidence) == (UNKNOWN, "the exchange did not answer")
    assert clock_drift.judged([]).evidence == clock_drift.NOBODY


# --- passwords


@pytest.mark.parametrize("name", passwords.OF_THE_API)
@pytest.mark.parametrize(
    "value", [None, "", "short-but-random-9x", "SuperSecurePassword", "x" * 40, 7, "  freqtrader "]
)
def test_each_password_that_is_short_known_or_missing_is_red(name: str, value: object) -> None:
    row = passwords.of_bot("alpha", secrets(**{name: value}))
    assert row.verdict == RED
    assert name in row.evidence
    assert not value or str(value).strip() not in row.evidence.split()


def test_the_password_of_its_database_counts_and_sqlite_has_none() -> None:
    row = passwords.of_bot("alpha", {**secrets(), "db_url": "postgresql://alpha:freqtrade@postgres/alpha"})
    assert (row.verdict, "database" in row.evidence) == (RED, True)
    assert passwords.of_bot("alpha", {**secrets(), "db_url": "sqlite:////freqops/var/x.sqlite"}).verdict == OK


@pytest.mark.parametrize("document", [None, [], {}, {"api_server": None}])
def test_secrets_that_cannot_be_read_are_not_known(document: object) -> None:
    assert passwords.of_bot("alpha", document).verdict == UNKNOWN


@pytest.mark.parametrize(
    ("secret", "there", "verdict"),
    [(LONG, True, OK), (f"{LONG}\n", True, OK), ("postgres", True, RED), ("", True, RED), (None, True, UNKNOWN),
     (None, False, OK)],
)  # fmt: skip
def test_the_password_of_postgres(secret: str | None, there: bool, verdict: str) -> None:
    assert passwords.of_postgres(secret, there=there).verdict == verdict


# --- images

KNOWN: dict[str, Any] = {"sha256:1": {"RepoDigests": [DIGEST]}}


def test_containers_of_digests_are_ok() -> None:
    assert images.judged([container()], KNOWN).verdict == OK


@pytest.mark.parametrize(
    "image",
    [
        "freqtrade:stable",
        "freqtrade",
        "",
        "freqtrade@sha256:short",
        f"freqtrade@sha256:{'b' * 64}",
        "sha256:" + "a" * 64,
    ],
)
def test_a_container_of_a_tag_or_of_another_digest_is_red(image: str) -> None:
    row = images.judged([container(), container(image, Name="/other")], KNOWN)
    assert (row.verdict, "other" in row.evidence) == (RED, True)


@pytest.mark.parametrize("known", [{}, {"sha256:1": None}, {"sha256:1": {}}, {"sha256:1": {"RepoDigests": None}}])
def test_an_image_that_the_engine_does_not_describe_is_not_known(known: dict[str, Any]) -> None:
    assert images.judged([container()], known).verdict == UNKNOWN


def test_a_container_without_a_description_is_not_ok() -> None:
    assert images.judged([{}], KNOWN).verdict == RED


# --- updates

DAY = updates.DAY


def test_no_update_by_fresh_lists_is_ok() -> None:
    assert updates.judged(NO_UPDATES, DAY).verdict == OK


@pytest.mark.parametrize(
    "line",
    [
        "Inst docker-ce [5:27.1] (5:27.2 Docker:1.0 [amd64])", "Inst containerd.io [1.7] (1.8 Docker:1.0 [amd64])",
        "Inst runc [1.1] (1.2 Debian:12 [amd64])", "Inst linux-image-amd64 [6.1.1] (6.1.2 Debian:12 [amd64])",
        "Inst linux-image-6.1.0-99-amd64 (6.1.2 Debian:12 [amd64])", "Inst docker-ce:amd64 [1] (2 Docker:1.0 [amd64])",
    ],
)  # fmt: skip
@pytest.mark.parametrize("age", [DAY, 100 * DAY])
def test_each_update_of_engine_and_kernel_is_red(line: str, age: float) -> None:
    assert updates.judged(f"{line}\n{NO_UPDATES}", age).verdict == RED


def test_an_update_that_is_held_back_is_red_and_one_of_something_else_is_not() -> None:
    held = f"{updates.KEPT_BACK}\n  docker-ce vim\n{NO_UPDATES}"
    assert updates.judged(held, DAY).verdict == RED
    assert updates.judged(f"{updates.KEPT_BACK}\n  vim\nThe rest:\n  docker-ce\n{NO_UPDATES}", DAY).verdict == OK
    assert updates.judged(f"Inst vim [1] (2 Debian:12 [amd64])\n{NO_UPDATES}", DAY).verdict == OK


@pytest.mark.parametrize(
    ("output", "age", "problem"),
    [
        (None, DAY, ""), (NO_UPDATES, None, ""), (NO_UPDATES, 4 * DAY, ""), (NO_UPDATES, -DAY, ""), ("", DAY, ""),
        ("E: lock", DAY, ""), (NO_UPDATES, DAY, "apt-get ended with 100"),
    ],
)  # fmt: skip
def test_what_apt_does_not_tell_is_not_known(output: str | None, age: float | None, problem: str) -> None:
    assert updates.judged(output, age, problem).verdict == UNKNOWN


@pytest.mark.parametrize(
    ("running", "packages", "verdict"),
    [
        ("6.1.0-18-amd64", ["linux-image-6.1.0-18-amd64", "linux-image-6.1.0-9-amd64", "linux-image-amd64"], OK),
        ("6.1.0-18-amd64", ["linux-image-6.1.0-18-amd64", "linux-image-6.1.0-100-amd64"], RED),
        ("6.8.0-9-generic", ["linux-image-unsigned-6.8.0-10-generic", "linux-image-6.8.0-9-generic"], RED),
        ("6.1.0-18-amd64", ["linux-image-5.0.0-1-amd64"], UNKNOWN), ("6.1.0-18-amd64", [], UNKNOWN),
        ("6.1.0-18-amd64", None, UNKNOWN),
    ],
)  # fmt: skip
def test_the_kernel_that_runs(running: str, packages: list[str] | None, verdict: str) -> None:
    assert updates.kernel(running, packages).verdict == verdict


# --- sockets


def test_what_listens_beyond_loopback() -> None:
    tcp = (
        HEAD
        + socket_line(ANY, 22)
        + socket_line("127.0.0.1", 8081)
        + socket_line("10.0.0.5", 5432)
        + socket_line("10.0.0.5", 9, "01")
    )
    assert [*sockets.of_kernel("tcp", tcp)] == [Socket("tcp", ANY, 22), Socket("tcp", "10.0.0.5", 5432)]
    tcp6 = (
        HEAD
        + socket_line("::", 22)
        + socket_line("::1", 323)
        + socket_line("::ffff:127.0.0.1", 1)
        + socket_line("fd00::1", 80)
    )
    assert [*sockets.of_kernel("tcp", tcp6)] == [Socket("tcp", "::", 22), Socket("tcp", "fd00::1", 80)]
    assert [*sockets.of_kernel("udp", HEAD + socket_line(ANY, 68, "07"))] == [Socket("udp", ANY, 68)]


@pytest.mark.parametrize("text", ["", "no table", HEAD + "  0: nonsense\n", HEAD + "   0: 0100:00 x 0A\n"])
def test_a_table_of_sockets_that_is_none(text: str) -> None:
    with pytest.raises(sockets.Unknown):
        [*sockets.of_kernel("tcp", text)]


def test_what_a_container_publishes_counts_though_the_kernel_shows_no_socket() -> None:
    ports = {"8080/tcp": [{"HostIp": "127.0.0.1", "HostPort": "8081"}, {"HostIp": "", "HostPort": "8082"},
                          {"HostIp": "::", "HostPort": "8083"}, {"HostIp": "x", "HostPort": "1"}, None],
             "53/udp": None}  # fmt: skip
    found = [*sockets.of_engine({"NetworkSettings": {"Ports": ports}})]
    assert found == [Socket("tcp", ANY, 8082), Socket("tcp", "::", 8083)]
    assert [*sockets.of_engine({})] == []


def test_what_may_answer_is_ssh_and_what_the_inventory_opens() -> None:
    opened = [{"port": 443}, {"port": "8443", "protocol": "tcp"}, {"port": 53, "protocol": "udp"}, "x", {"port": "x"}]
    assert sockets.allowed([22, "2222", None], opened) == {
        22: "SSH", 2222: "SSH", 443: "host_open_ports", 8443: "host_open_ports",
    }  # fmt: skip


def test_each_port_is_asked_where_it_listens_and_at_the_address_of_the_host() -> None:
    listening = [Socket("tcp", ANY, 22), Socket("tcp", "10.0.0.5", 5432), Socket("udp", ANY, 68)]
    assert sockets.targets(listening, "192.0.2.1") == [("10.0.0.5", 5432), ("192.0.2.1", 22), ("192.0.2.1", 5432)]


def test_every_item_of_a_host_is_of_the_list() -> None:
    assert len(items.BY_NAME) == len(items.ITEMS)
