"""Which processes are a bot's, from a copy of /proc that says what a host's would say."""

from __future__ import annotations

from pathlib import Path

import pytest

from freqops.core.bot.processes import Process, left, of, scan, trading, undeclared

TOOL = "/freqops/conf/freqops-host"
FREQTRADE = ["/usr/local/bin/python3.13", "/home/ftuser/.local/bin/freqtrade", "trade", "--config", "/freqops/conf/x"]
GATE = ["python3", TOOL, "gate", "--", "freqtrade", "trade"]
OURS, OTHERS = "user:[4026531837]", "user:[4026532201]"
ROOT_FS = "30 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw"


class Proc:
    """A /proc to write into."""

    def __init__(self, path: Path, *host_mounts: str) -> None:
        self.path = path
        self.add("self", ["freqops-host"], mounts=[ROOT_FS, *host_mounts])
        (path / "version").write_text("Linux")

    def add(
        self,
        pid: int | str,
        argv: list[str],
        *,
        mounts: list[str],
        state: str = "S",
        nspid: str = "1",
        name: str = "x",
        namespace: str = OURS,
    ) -> Path:
        home = self.path / str(pid)
        home.mkdir()
        (home / "cmdline").write_bytes("".join(f"{word}\0" for word in argv).encode())
        (home / "status").write_text(
            f"Name:\t{name}\nUmask:\t0022\nState:\t{state} (x)\nPid:\t{pid}\nNSpid:\t{pid}\t{nspid}\n"
        )
        (home / "mountinfo").write_text("".join(f"{line}\n" for line in mounts))
        (home / "ns").mkdir()
        (home / "ns" / "user").symlink_to(namespace)
        return home


def conf(root: str, device: str = "8:1") -> list[str]:
    return [
        "400 399 0:99 / / ro,relatime - overlay overlay rw,lowerdir=/var/lib/docker/overlay2/l/X",
        f"410 400 {device} {root} /freqops/conf ro,relatime - ext4 /dev/sda1 rw",
        f"411 400 {device} /srv/freqops/bots/other/var /freqops/var rw - ext4 /dev/sda1 rw",
    ]


@pytest.fixture
def proc(tmp_path: Path) -> Proc:
    return Proc(tmp_path)


@pytest.mark.parametrize(
    ("root", "device", "host"),
    [
        ("/srv/freqops/bots/alpha/conf", "8:1", []),
        ("/freqops/bots/alpha/conf", "8:2", ["31 30 8:2 / /srv rw - ext4 /dev/sdb1 rw"]),
        ("/alpha/conf", "8:2", ["31 30 8:2 / /srv/freqops/bots rw - ext4 /dev/sdb1 rw"]),
        ("/conf", "8:2", ["31 30 8:2 / /srv/freqops/bots/alpha rw - ext4 /dev/sdb1 rw"]),
        ("/@data/alpha/conf", "0:40", ["31 30 0:40 /@data /srv/freqops/bots rw - btrfs /dev/sdb1 rw"]),
        ("/", "0:50", ["31 30 0:50 / /srv/freqops/bots/alpha/conf rw - tmpfs tmpfs rw"]),
        ("/srv/freqops/bots/alpha/conf//deleted", "8:1", []),
        ("/srv/freqops/bots/alpha/conf.before-restore", "8:1", []),
    ],
    ids=["disk", "volume /srv", "volume bots", "volume bot", "subvolume", "volume conf", "deleted", "moved aside"],
)
def test_a_bot_is_known_by_its_conf_wherever_that_lies(tmp_path: Path, root: str, device: str, host: list[str]) -> None:
    proc = Proc(tmp_path, *host)
    proc.add(100, FREQTRADE, mounts=conf(root, device))
    found = scan(tmp_path)
    assert [(process.pid, process.bot, process.is_init) for process in found] == [(100, "alpha", True)]
    assert trading("alpha", found) == found
    assert trading("beta", found) == []
    assert undeclared(["alpha"], found) == []


@pytest.mark.parametrize("namespace", [OURS, OTHERS])
@pytest.mark.parametrize(
    ("root", "device"),
    [
        ("/home/eve/bots/alpha/conf", "8:1"),
        ("/home/eve/srv/freqops/bots/alpha/conf", "8:1"),
        ("/srv/freqops/bots/alpha/conf", "8:3"),
        ("/srv/freqops/bots", "8:1"),
        ("/srv/freqops/botsalpha/conf", "8:1"),
    ],
    ids=["beside", "the whole path", "another disk", "all bots", "a prefix"],
)
def test_what_only_has_the_name_of_a_bots_conf_is_no_bot(
    tmp_path: Path, root: str, device: str, namespace: str
) -> None:
    """Anybody may mount a directory of their own there, in a namespace of their own."""
    proc = Proc(tmp_path, "32 30 8:3 / /home rw - ext4 /dev/sdc1 rw")
    proc.add(100, ["sleep", "9"], mounts=conf(root, device), namespace=namespace)
    assert scan(tmp_path) == []
    proc.add(101, FREQTRADE, mounts=conf(root, device), namespace=namespace)
    assert [process.bot for process in scan(tmp_path)] == [None]  # a Freqtrade that nobody declared, and no more


@pytest.mark.parametrize(("namespace", "bot"), [(OURS, "alpha"), (OTHERS, None)])
def test_a_conf_whose_volume_was_taken_away_is_known_by_its_name_if_root_mounted_it(
    proc: Proc, namespace: str, bot: str | None
) -> None:
    proc.add(100, FREQTRADE, mounts=conf("/freqops/bots/alpha/conf", "8:9"), namespace=namespace)
    assert [process.bot for process in scan(proc.path)] == [bot]


def test_where_the_kernel_does_not_tell_a_namespace_a_name_is_no_proof(proc: Proc) -> None:
    for place in ("self", "100"):
        if place == "100":
            proc.add(100, FREQTRADE, mounts=conf("/freqops/bots/alpha/conf", "8:9"))
        (proc.path / place / "ns" / "user").unlink()
    assert [process.bot for process in scan(proc.path)] == [None]


def test_bots_may_lie_elsewhere(tmp_path: Path) -> None:
    proc = Proc(tmp_path)
    proc.add(100, FREQTRADE, mounts=conf("/opt/own/bots/alpha/conf"))
    assert [process.bot for process in scan(tmp_path, Path("/opt/own/bots"))] == ["alpha"]
    assert [process.bot for process in scan(tmp_path)] == [None]


def test_a_second_container_and_what_was_started_inside_belong_to_the_bot(proc: Proc) -> None:
    mounts = conf("/srv/freqops/bots/alpha/conf")
    proc.add(100, FREQTRADE, mounts=mounts)
    proc.add(101, ["sh"], mounts=mounts, nspid="17")
    proc.add(200, FREQTRADE, mounts=mounts)
    found = trading("alpha", scan(proc.path))
    assert sorted((process.pid, process.is_init) for process in found) == [(100, True), (101, False), (200, True)]


def test_a_waiting_gate_and_the_probe_never_trade(proc: Proc) -> None:
    mounts = conf("/srv/freqops/bots/alpha/conf")
    proc.add(100, ["python3", TOOL, "gate", "--", "freqtrade", "trade"], mounts=mounts, name="freqops-waits")
    proc.add(101, ["/usr/bin/python3", TOOL, "probe"], mounts=mounts, nspid="9")
    proc.add(102, [TOOL, "probe"], mounts=mounts, nspid="10")
    found = scan(proc.path)
    assert len(found) == 3
    assert trading("alpha", found) == []
    assert undeclared(["alpha"], found) == []


def gate(pid: int, *, init: bool = True, waits: bool = True, argv: list[str] | None = None) -> Process:
    return Process(pid, tuple(GATE if argv is None else argv), "alpha", is_init=init, waits=waits)


def test_at_level_3_what_was_there_before_is_no_gate_whatever_it_calls_itself() -> None:
    """Both its name and its arguments are the process's own to write."""
    assert left([gate(7)], frozenset({7})) == [gate(7)]
    assert left([gate(8)], frozenset({7})) == []


@pytest.mark.parametrize(
    "forged",
    [
        gate(8, init=False),
        gate(8, waits=False),
        gate(8, argv=["python3", "x.py"]),
        gate(8, init=False, waits=False, argv=["python3", TOOL, "probe"]),
    ],
    ids=["begun inside", "not decided", "another program", "a probe"],
)
def test_at_level_3_only_the_first_process_of_a_later_container_is_a_gate(forged: Process) -> None:
    assert left([forged], frozenset()) == [forged]


def test_a_namespace_inside_a_container_makes_nobody_its_first_process(proc: Proc) -> None:
    proc.add(100, GATE, mounts=conf("/srv/freqops/bots/alpha/conf"), nspid="9\t1", name="freqops-waits")
    [found] = of("alpha", scan(proc.path))
    assert not found.is_init
    assert left([found], frozenset()) == [found]


def test_a_gate_that_has_not_decided_may_still_trade(proc: Proc) -> None:
    argv = ["python3", TOOL, "gate", "--", "freqtrade", "trade"]
    proc.add(100, argv, mounts=conf("/srv/freqops/bots/alpha/conf"))
    assert [process.pid for process in trading("alpha", scan(proc.path))] == [100]


@pytest.mark.parametrize(
    "argv",
    [["runc", "init"], [], ["freqtrade", "trade"], ["sh", "-c", f"{TOOL} && freqtrade trade"], ["x", "y", TOOL]],
)
def test_anything_else_in_the_container_might_trade(proc: Proc, argv: list[str]) -> None:
    proc.add(100, argv, mounts=conf("/srv/freqops/bots/alpha/conf"))
    assert len(trading("alpha", scan(proc.path))) == 1


@pytest.mark.parametrize("state", ["R", "S", "D", "T", "t"])
def test_a_frozen_process_is_alive(proc: Proc, state: str) -> None:
    proc.add(100, FREQTRADE, mounts=conf("/srv/freqops/bots/alpha/conf"), state=state)
    [found] = scan(proc.path)
    assert found.frozen == (state == "T")


def test_zombies_and_the_vanished_are_gone(proc: Proc) -> None:
    mounts = conf("/srv/freqops/bots/alpha/conf")
    proc.add(100, FREQTRADE, mounts=mounts, state="Z")
    for name in ("cmdline", "status", "mountinfo"):
        home = proc.add(101 + len(name), FREQTRADE, mounts=mounts)
        (home / name).unlink()
    assert scan(proc.path) == []


@pytest.mark.parametrize(
    "argv",
    [
        ["freqtrade", "trade"],
        ["freqtrade"],
        ["/usr/bin/python3", "/usr/local/bin/freqtrade", "trade"],
        ["python", "-m", "freqtrade"],
        ["python3.13", "-u", "-X", "dev", "-m", "freqtrade", "trade", "-c", "x"],
        ["/opt/venv/bin/python", "-W", "ignore", "/opt/venv/bin/freqtrade", "trade"],
        ["freqtrade", "--something", "trade"],
        ["pypy3", "freqtrade", "trade"],
    ],
)
def test_a_freqtrade_that_nobody_declared(proc: Proc, argv: list[str]) -> None:
    proc.add(100, argv, mounts=[ROOT_FS])
    found = scan(proc.path)
    assert [process.bot for process in found] == [None]
    assert undeclared(["alpha"], found) == found
    assert trading("alpha", found) == []


@pytest.mark.parametrize(
    "argv",
    [
        ["vim", "freqtrade"],
        ["vim", "freqtrade.log"],
        ["tail", "-f", "freqtrade"],
        ["docker", "logs", "freqtrade"],
        ["docker", "logs", "-f", "freqtrade"],
        ["grep", "-r", "freqtrade"],
        ["ls", "/opt/freqtrade"],
        ["python3", "-c", "import freqtrade"],
        ["python3", "-m", "pip", "install", "freqtrade"],
        ["python3", "build.py", "freqtrade"],
        ["python3"],
        ["-bash"],
        [""],
        [],
        ["freqtrade", "backtesting", "--strategy", "x"],
        ["/usr/bin/python3", "/usr/local/bin/freqtrade", "hyperopt"],
        ["freqtrade", "webserver"],
        ["freqtrade-client", "ping"],
    ],
)
def test_what_merely_mentions_freqtrade_or_never_trades(proc: Proc, argv: list[str]) -> None:
    proc.add(100, argv, mounts=[ROOT_FS])
    assert scan(proc.path) == []


def test_a_bot_that_is_no_longer_declared_is_undeclared(proc: Proc) -> None:
    proc.add(100, FREQTRADE, mounts=conf("/srv/freqops/bots/gone/conf"))
    assert [process.bot for process in undeclared(["alpha"], scan(proc.path))] == ["gone"]


def test_a_process_of_the_host_is_no_init_of_a_container() -> None:
    assert not Process(1, ("/sbin/init",), None).is_init
    assert Process(1, ("x",) * 200, None).command == ("x " * 60)[:120]


def test_bytes_that_are_no_text_do_not_end_the_scan(proc: Proc) -> None:
    home = proc.add(100, [], mounts=[ROOT_FS])
    (home / "cmdline").write_bytes(b"\xff\xfe\0freqtrade\0")
    assert scan(proc.path) == []


def test_the_real_proc_can_be_read() -> None:
    assert all(process.pid > 0 for process in scan())
