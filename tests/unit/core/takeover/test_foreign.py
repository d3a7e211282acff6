"""A foreign Freqtrade is read as it is, or refused with a reason; what it says is never taken for more than it is."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from freqops.core.base.errors import Refused
from freqops.core.takeover import compose_project, foreign
from freqops.core.takeover.foreign import Picture
from freqops.core.takeover.strategy_code import Code

BOT = {"image": "freqtradeorg/freqtrade:stable", "command": ["trade", "--config", "c.json"]}
SAID: dict[str, Any] = {
    "version": "2026.8", "strategy": "S", "kind": "sqlite", "host": None, "database": "/freqtrade/t.sqlite",
    "user": None, "dry_run": True, "config": {"stake_currency": "USDT"},
    "trades": [[1, "BTC/USDT", 1, 0.5]], "orders": [[1, "a", "buy", 0, "closed", 0.5]],
    "tables": {"trades": 1, "notes": 2}, "written": [1767323044.0, "/freqtrade/c.json"],
    "code": {"main": "S.py", "files": {"S.py": "class S: pass"}},
}  # fmt: skip


class Project:
    """What the engine and the old container say of a project."""

    def __init__(self, place: Path) -> None:
        self.file = place / "docker-compose.yml"
        self.file.write_text("")
        self.services: dict[str, Any] = {"bot": BOT, "ui": {"image": "nginx", "command": None}}
        self.containers = {"bot": ["c1"]}
        self.inspected: dict[str, Any] = {
            "Id": "c1full", "Name": "/old",
            "State": {"Running": True, "Status": "running", "Pid": 101, "StartedAt": "2026-01-02T03:04:05.678Z"},
            "Config": {"Image": BOT["image"], "Entrypoint": ["freqtrade"], "Cmd": BOT["command"]},
            "HostConfig": {"RestartPolicy": {"Name": "on-failure", "MaximumRetryCount": 3}},
        }  # fmt: skip
        self.said: Any = json.dumps(SAID)
        self.others: list[dict[str, Any]] = []
        self.proc = place / "proc"
        self.database = place / "t.sqlite"
        self.database.write_text("")
        (self.proc / "101" / "root" / "freqtrade").mkdir(parents=True)
        (self.proc / "101" / "root" / "freqtrade" / "t.sqlite").symlink_to(self.database)
        self.opens(101, "freqtrade\0trade")
        self.lives(101, "pid:[7]")
        self.lives(102, "pid:[7]")
        self.lives(1, "pid:[1]")
        (self.proc / "self").symlink_to("1")
        self.commands: list[tuple[list[str], str]] = []

    def ask(self, words: Sequence[str], text: str = "") -> str:
        self.commands.append((list(words), text))
        if words[1] == "compose" and "config" in words:
            return json.dumps({"services": self.services})
        if words[1] == "compose":
            return "\n".join(self.containers.get(words[-1], []))
        if words[1] == "inspect":
            known = {"c1": self.inspected, **{other["Id"]: other for other in self.others}}
            return json.dumps([known.get(name, self.inspected) for name in words[4:]])
        if words[1] == "exec":
            return str(self.said)
        raise AssertionError(words)

    def lives(self, pid: int, namespace: str) -> None:
        """Have a process in a pid namespace."""
        (self.proc / str(pid) / "ns").mkdir(parents=True)
        (self.proc / str(pid) / "ns" / "pid").symlink_to(namespace)

    def opens(self, pid: int, command: str) -> None:
        """Have a process that has the database open."""
        (self.proc / str(pid) / "fd").mkdir(parents=True)
        (self.proc / str(pid) / "fd" / "7").symlink_to(self.database)
        (self.proc / str(pid) / "cmdline").write_text(command)

    def one_off(self, status: str, *words: str) -> None:
        """Have a container of ``docker compose run`` beside its own."""
        name = f"old-run-{len(self.others)}"
        labels = {"com.docker.compose.oneoff": "True"}
        self.others.append({**self.inspected, "Id": name, "Name": f"/{name}", "State": {"Status": status},
                            "Config": {"Entrypoint": ["freqtrade"], "Cmd": list(words), "Labels": labels}})  # fmt: skip
        self.containers["bot"].append(name)

    def look(self, service: str | None = None) -> foreign.Foreign:
        return foreign.look(self.file, service, self.ask, self.proc)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


def test_it_is_read_through_its_own_code(project: Project) -> None:
    found = project.look()
    assert (found.service, found.container, found.name, found.restart) == ("bot", "c1full", "old", "on-failure:3")
    assert (found.kind, found.database, found.pids) == ("sqlite", "/freqtrade/t.sqlite", (101, 102))
    assert found.traded.open_trades == {1: ("BTC/USDT", 0.5)}
    assert found.tables == {"trades": 1, "notes": 2}
    assert found.code == Code("S.py", {"S.py": "class S: pass"})


def test_of_a_container_in_the_namespace_of_the_host_only_the_first_process_is_its_own(project: Project) -> None:
    for pid in (101, 102):
        (project.proc / str(pid) / "ns" / "pid").unlink()
        (project.proc / str(pid) / "ns" / "pid").symlink_to("pid:[1]")
    assert project.look().pids == (101,)


def test_a_password_among_its_arguments_goes_through_no_command_line(project: Project) -> None:
    project.inspected["Config"]["Cmd"] = ["trade", "--db-url", "postgresql://u:canary@db/x"]
    project.look()
    assert [words for words, _ in project.commands if "canary" in " ".join(words)] == []
    [program] = [text for _, text in project.commands if "canary" in text]
    compile(program, "program", "exec")
    assert "def code_of(config):" in program
    assert '"code": code_of(config)' in program


def test_its_configuration_is_not_in_what_it_prints_of_itself(project: Project) -> None:
    project.said = json.dumps({**SAID, "config": {"exchange": {"secret": "canary"}}})
    assert "canary" not in repr(project.look())


def test_a_directory_will_do(project: Project) -> None:
    assert foreign.look(project.file.parent, None, project.ask, project.proc).project == project.file


def test_no_project_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="there is no docker compose project"):
        foreign.look(tmp_path / "nothing", None)


@pytest.mark.parametrize(
    ("services", "service", "why"),
    [
        ({"a": BOT, "b": BOT}, None, "several trade: a, b"),
        ({"web": {"image": "nginx"}}, None, "none trades: web"),
        ({"a": {**BOT, "command": "backtesting"}}, None, "none trades: a"),
        ({"a": BOT}, "b", "has no service b; it has a"),
    ],
)
def test_who_does_not_say_which_is_refused(project: Project, services: Any, service: str | None, why: str) -> None:
    project.services = services
    with pytest.raises(Refused, match=why):
        project.look(service)


def test_of_several_the_named_one_is_taken(project: Project) -> None:
    project.services, project.containers = {"a": BOT, "b": BOT}, {"b": ["c1"]}
    assert project.look("b").service == "b"


def test_one_off_containers_that_ended_are_no_bots(project: Project) -> None:
    project.one_off("exited", "trade")
    project.one_off("created", "list-data")
    project.one_off("dead", "trade")
    assert project.look().container == "c1full"


@pytest.mark.parametrize("words", [("trade",), ("--config", "c.json"), ()])
@pytest.mark.parametrize("status", ["running", "paused", "restarting"])
def test_one_that_lives_is_a_second_bot(project: Project, status: str, words: tuple[str, ...]) -> None:
    project.one_off(status, *words)
    with pytest.raises(Refused, match=r"old-run-0 of .* a second bot on the same database; .*: docker stop old-run-0"):
        project.look()


def test_one_that_lives_and_does_not_trade_is_none(project: Project) -> None:
    project.one_off("running", "backtesting", "--strategy", "S")
    assert project.look().container == "c1full"


def test_whoever_else_has_its_database_open_is_named(project: Project) -> None:
    project.opens(303, "/usr/bin/python3\0freqtrade\0trade")
    with pytest.raises(Refused, match=r"second bot: 303 \(/usr/bin/python3 freqtrade trade\); end it first"):
        project.look()


def test_a_database_that_the_kernel_does_not_show_is_refused(project: Project) -> None:
    (project.proc / "101" / "root" / "freqtrade" / "t.sqlite").unlink()
    with pytest.raises(Refused, match="cannot be found through"):
        project.look()


def test_a_configuration_written_after_its_start_is_refused(project: Project) -> None:
    project.said = json.dumps({**SAID, "written": [1767323046.5, "/freqtrade/c.json"]})
    with pytest.raises(Refused, match=r"/freqtrade/c.json was written after its start \(2026-01-02T03:04:05 UTC\)"):
        project.look()


def test_it_is_asked_for_as_its_owner_starts_it(project: Project) -> None:
    override = project.file.with_name("docker-compose.override.yml")
    override.write_text("")
    project.look()
    words = [words for words, _ in project.commands if words[1] == "compose"]
    assert all(f"--file={override}" in each and "--profile=*" in each for each in words)


@pytest.mark.parametrize("containers", [[], ["c1", "c2"]])
def test_there_must_be_one_container(project: Project, containers: list[str]) -> None:
    project.containers = {"bot": containers}
    with pytest.raises(Refused, match=f"has {len(containers)} containers"):
        project.look()


def test_one_that_does_not_run_is_refused(project: Project) -> None:
    project.inspected["State"]["Running"] = False
    with pytest.raises(Refused, match="does not run"):
        project.look()


@pytest.mark.parametrize("words", [["sh", "-c", "run.sh"], ["freqtrade", "webserver"], []])
def test_what_does_not_start_freqtrade_itself_is_refused(project: Project, words: list[str]) -> None:
    project.inspected["Config"].update(Entrypoint=words, Cmd=None)
    with pytest.raises(Refused, match="its arguments cannot be read"):
        project.look()


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"kind": "mysql"}, "its database is mysql"),
        ({"database": None}, "lives in its memory only"),
        ({"database": ":memory:"}, "lives in its memory only"),
        ({"kind": "postgresql", "host": "elsewhere"}, "Postgres at elsewhere is no service of its project"),
    ],
)
def test_a_database_that_cannot_be_had_is_refused(project: Project, changed: dict[str, Any], why: str) -> None:
    project.said = json.dumps({**SAID, **changed})
    with pytest.raises(Refused, match=why):
        project.look()


@pytest.mark.parametrize("said", ["", "no JSON", "[]"])
def test_an_answer_that_is_none_is_refused(project: Project, said: str) -> None:
    project.said = said
    with pytest.raises(Refused, match="cannot be read"):
        project.look()


def test_a_program_that_fails_says_its_last_words_and_not_its_input() -> None:
    with pytest.raises(Refused, match="gone") as refusal:
        compose_project.ask(["sh", "-c", "echo gone >&2; exit 3"], "canary")
    assert "canary" not in str(refusal.value)


def test_the_program_is_python_and_its_words_survive_the_way(project: Project) -> None:
    project.inspected["Config"]["Cmd"] = ["trade", "--config", 'it\'s a "file" \\ here.json']
    project.look()
    program = next(text for words, text in project.commands if words[1] == "exec")
    known: dict[str, Any] = {}
    exec(compile("\n".join(program.splitlines()[:2]), "head", "exec"), known)  # noqa: S102  our own two lines
    assert json.loads(known["ARGV"]) == project.inspected["Config"]["Cmd"]
    compile(program, "program", "exec")


def test_the_same_trades_make_the_same_picture_however_they_are_written() -> None:
    one = {"trades": [[2, "B", 0, None], [1, "A", 1, 1]], "orders": [[1, "x", "buy", 0, "closed", 1]]}
    other = {"trades": [[1, "A", True, 1.0], [2, "B", False, 0]], "orders": [[1, "x", "buy", False, "closed", 1.0]]}
    assert foreign.picture(one) == foreign.picture(other)


def test_only_stops_that_were_never_filled_are_left_aside() -> None:
    open_stop, sold_stop, entry = ((1, "a", "stoploss", True, "open", 0.0), (1, "b", "stoploss", False, "closed", 2.0),
                                   (1, "c", "buy", True, "open", 0.0))  # fmt: skip
    picture = Picture((), (open_stop, sold_stop, entry))
    assert picture.without_simulated_stops().orders == (sold_stop, entry)
    assert picture.with_open_orders() == {1}
