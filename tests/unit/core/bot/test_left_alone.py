"""Freqtrade that is left alone: whose a process is, by the kernel and by root's files, and never by its own word."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import jinja2
import pytest
import yaml

from freqops.core.base import root_file
from freqops.core.base.errors import Refused
from freqops.core.base.kinds import Malformed
from freqops.core.bot import left_alone
from freqops.core.bot.foreign_process import but_for, halted_line, is_left_alone, status_line
from freqops.core.bot.left_alone import CONFIG_FILES, FORMAT, KEYS, MOST, WORKING_DIR, Places, container_in, load
from freqops.core.bot.processes import Process
from tests.unit.core.preflight.fleets import ROOT, inventory, judged

ID, OTHER = "ab" * 32, "cd" * 32
INIT = "8:pids:/\n0::/init.scope\n"
V2, V2_CGROUPFS = f"0::/system.slice/docker-{ID}.scope\n", f"0::/docker/{ID}\n"
V1 = f"12:memory:/docker/{ID}\n1:name=systemd:/docker/{ID}\n0::/system.slice/containerd.service\n"
V1_SYSTEMD = f"4:cpu,cpuacct:/system.slice/docker-{ID}.scope\n0::/\n"


@pytest.mark.parametrize("cgroup", [V2, V2_CGROUPFS, V1, V1_SYSTEMD, V2.replace("\n", "/below\n")])
def test_a_container_is_known_by_the_groups_that_docker_makes(cgroup: str) -> None:
    assert container_in(cgroup, INIT) == ID
    assert container_in(cgroup, "") == ID


@pytest.mark.parametrize(
    "cgroup",
    [
        "", "\n", "0::/\n", "nothing", "0::/user.slice/user-1000.slice/session-4.scope\n",
        f"0::/user.slice/user-1000.slice/user@1000.service/app.slice/docker-{ID}.scope\n",
        f"0::/user.slice/user-1000.slice/user@1000.service/docker/{ID}\n",
        f"0::/{ID}\n", f"0::/docker/x/{ID}\n", f"0::/../docker/{ID}\n", f"0::docker/{ID}\n",
        f"0::/docker/{ID[1:]}\n", f"0::/docker/{ID.upper()}\n", f"0::/docker/{ID} (deleted)\n",
        f"0::/system.slice/docker-{ID}.service\n", f"0::/docker.slice/docker-{ID}.scope\n",
        f"0::/docker/{ID}/docker/{OTHER}\n", f"0::/docker/{ID}/docker-{OTHER}.scope\n",
        f"2:cpu:/docker/{ID}\n1:memory:/docker/{OTHER}\n", f"2:cpu:/docker/{ID}\n1:memory:/user.slice/{ID}\n",
    ],
)  # fmt: skip
def test_a_group_that_others_could_have_made_or_that_means_two_is_no_container(cgroup: str) -> None:
    assert container_in(cgroup, INIT) is None


@pytest.mark.parametrize(
    ("cgroup", "init"),
    [
        (f"0::/docker/{OTHER}/docker/{ID}\n", f"0::/docker/{OTHER}\n"),
        (f"0::/docker/{OTHER}/system.slice/docker-{ID}.scope\n", f"0::/docker/{OTHER}/init.scope\n"),
        (f"8:pids:/docker/{OTHER}\n0::/docker/{ID}\n", f"8:pids:/docker/{OTHER}\n0::/init.scope\n"),
    ],
)
def test_on_a_host_that_is_a_container_itself_groups_are_read_from_its_own_on(cgroup: str, init: str) -> None:
    assert container_in(cgroup, init) == ID
    assert container_in(cgroup, INIT) is None
    assert container_in(init, init) is None
    assert container_in(cgroup.replace(OTHER, "ef" * 32), init) is None


class Host:
    """A host with one foreign project, and a Freqtrade of it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.places = Places(path / "etc" / "left_alone.json", path / "containers", path / "proc", os.geteuid())
        self.compose = path / "opt" / "beta" / "docker-compose.yml"
        for directory in (self.places.file.parent, self.places.containers, self.places.proc, self.compose.parent):
            directory.mkdir(parents=True)
        self.compose.write_text("services: {}\n")
        self.process(1, INIT)
        self.process(77)
        self.container()
        self.declare({"project": str(self.compose), "reason": "adopted on Sunday"})

    def process(self, pid: int, cgroup: str = V2, bot: str | None = None) -> Process:
        place = self.places.proc / str(pid)
        place.mkdir(exist_ok=True)
        (place / "cgroup").write_text(cgroup)
        return Process(pid, ("freqtrade", "trade"), bot)

    def container(self, number: str = ID, files: object = None, directory: object = None, **changed: Any) -> Path:
        place = self.places.containers / number
        place.mkdir(exist_ok=True)
        labels = {
            CONFIG_FILES: str(self.compose) if files is None else files,
            WORKING_DIR: str(self.compose.parent) if directory is None else directory,
        }
        said = {"ID": number, "Config": {"Labels": labels}, "State": {"Running": True}, **changed}
        (place / "config.v2.json").write_text(json.dumps(said))
        return place / "config.v2.json"

    def declare(self, *projects: dict[str, Any]) -> None:
        self.places.file.write_text(json.dumps({"version": 1, "projects": list(projects)}))

    def owner(self, process: Process) -> Path | None:
        declared = {each.file: each for each in load(self.places)}
        return left_alone.owner_of(process, {file: each for file, each in declared.items() if file}, self.places)


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return Host(tmp_path)


def test_a_process_of_a_declared_project_is_known_by_its_container(host: Host) -> None:
    assert host.owner(host.process(77)) == host.compose


def test_the_directory_names_the_project_too_and_so_does_a_link_to_it(host: Host) -> None:
    host.declare({"project": str(host.compose.parent), "reason": "later"})
    assert host.owner(host.process(77)) == host.compose
    link = host.path / "link"
    link.symlink_to(host.compose.parent)
    host.declare({"project": str(link), "reason": "later"})
    assert host.owner(host.process(77)) == host.compose
    host.container(files=str(link / "docker-compose.yml"), directory=str(link))
    assert host.owner(host.process(77)) == host.compose


def test_the_first_file_makes_the_project_and_an_old_compose_names_it_beside_its_directory(host: Host) -> None:
    override = host.compose.with_name("docker-compose.override.yml")
    host.container(files=f"{host.compose},{override}")
    assert host.owner(host.process(77)) == host.compose
    host.container(files="docker-compose.yml")
    assert host.owner(host.process(77)) == host.compose
    host.container(files=f"{override},{host.compose}")
    assert host.owner(host.process(77)) is None


def test_a_project_that_nobody_declared_is_none(host: Host) -> None:
    gamma = host.path / "opt" / "gamma"
    gamma.mkdir()
    (gamma / "docker-compose.yml").write_text("")
    host.container(files=str(gamma / "docker-compose.yml"), directory=str(gamma))
    assert host.owner(host.process(77)) is None


@pytest.mark.parametrize("labels", [None, [], "x", {}, {CONFIG_FILES: "/x"}, {CONFIG_FILES: 5, WORKING_DIR: "/"}])
def test_a_container_that_no_compose_made_is_of_no_project(host: Host, labels: object) -> None:
    host.container(Config={"Labels": labels})
    assert host.owner(host.process(77)) is None


def test_what_has_the_conf_of_a_bot_is_never_left_alone(host: Host) -> None:
    assert host.owner(host.process(77, bot="gone")) is None


def test_a_process_in_no_container_is_of_no_project(host: Host) -> None:
    assert host.owner(host.process(77, cgroup="0::/user.slice\n")) is None


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", json.dumps({"ID": ID}), '{"ID": 5, "Config": {}}'])
def test_a_file_of_the_engine_that_cannot_be_read_says_nothing(host: Host, content: str) -> None:
    (host.places.containers / ID / "config.v2.json").write_text(content)
    with pytest.raises(Malformed):
        host.owner(host.process(77))


def test_a_file_of_another_container_says_nothing_of_this_one(host: Host) -> None:
    host.container(ID=OTHER)
    with pytest.raises(Malformed, match="no description"):
        host.owner(host.process(77))


def test_a_file_of_the_engine_that_others_could_have_written_is_not_believed(host: Host) -> None:
    host.container().chmod(0o666)
    with pytest.raises(root_file.Untrusted):
        host.owner(host.process(77))


def test_a_project_whose_file_is_gone_or_is_ours_is_nobodys(host: Host) -> None:
    host.compose.unlink()
    assert host.owner(host.process(77)) is None
    link = host.path / "link.yml"
    link.symlink_to("/srv/freqops/bots/alpha/compose.yml")
    assert left_alone.Project(str(link), "x").file is None


# --- what is declared

BETA = {"project": "/opt/beta/docker-compose.yml", "reason": "adopted on Sunday"}


def test_no_file_leaves_nothing_alone(host: Host) -> None:
    host.places.file.unlink()
    assert load(host.places) == []


@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", '{"version": 2, "projects": []}', '{"version": 1}', '{"version": 1, "projects": {}}',
     '{"version": 1, "projects": [], "more": 1}', '{"version": 1, "projects": ["/opt/beta"]}',
     '{"version": 1, "projects": [{"project": "opt", "reason": "x"}]}'],
)  # fmt: skip
def test_a_file_that_deploy_did_not_write_so_leaves_nothing_alone(host: Host, content: str) -> None:
    host.places.file.write_text(content)
    with pytest.raises(Malformed, match=str(host.places.file)):
        load(host.places)


def test_a_file_that_others_could_have_written_leaves_nothing_alone(host: Host) -> None:
    host.places.file.chmod(0o666)
    with pytest.raises(Malformed, match="can be written by others"):
        load(host.places)


WRONG: list[tuple[list[Any], str]] = [
    (["/opt/beta"], "no mapping of project and reason"),
    ([{"project": "/opt/beta"}], "no mapping"),
    ([{**BETA, "service": "x"}], "no mapping"),
    ([{**BETA, "project": "opt/beta"}], "write the absolute path"),
    ([{**BETA, "project": "//opt/beta"}], "write the absolute path"),
    ([{**BETA, "project": "/opt/../srv/freqops/bots/alpha"}], "without '..'"),
    ([{**BETA, "project": "/" + "x" * 501}], "at most 500 characters"),
    ([{**BETA, "project": "/opt/be\nta"}], r"its project is '/opt/be\nta'"),
    ([{**BETA, "project": 5}], "its project is '5'"),
    ([{**BETA, "project": "/srv/freqops/bots/alpha/compose.yml"}], "is one of freqops' own"),
    ([{**BETA, "project": "/srv/freqops/"}], "is one of freqops' own"),
    ([{**BETA, "reason": ""}], "its reason is ''; write it as one line"),
    ([{**BETA, "reason": "two\nlines"}], "write it as one line"),
    ([{**BETA, "reason": "\x1b[2J"}], "write it as one line"),
    ([{**BETA, "reason": "x" * 201}], "at most 200 characters"),
    ([BETA, {**BETA, "reason": "again"}], "stands there twice"),
    ([BETA, {**BETA, "project": "/opt/beta/"}], "stands there twice"),
    ([{**BETA, "project": "/opt/beta/."}, BETA], "stands there twice"),
    ([{**BETA, "project": f"/opt/{number}"} for number in range(MOST + 1)], "no list of at most 20"),
]


@pytest.mark.parametrize(("entries", "why"), WRONG, ids=[why for _, why in WRONG])
def test_an_entry_that_is_none_is_refused_by_the_inventory_and_by_the_host(entries: list[Any], why: str) -> None:
    with pytest.raises(Refused) as refused:
        left_alone.projects(entries)
    assert why in str(refused.value)
    hosts = inventory()
    hosts["paper-1"]["host_left_alone"] = entries
    lines = [line for line in judged(hosts) if line.startswith("paper-1: host_left_alone")]
    assert lines
    assert all("; " in line for line in lines)


def test_sound_entries_have_no_objection() -> None:
    hosts = inventory()
    hosts["paper-1"]["host_left_alone"] = [BETA, {"project": "/opt/gamma", "reason": "its owner is away"}]
    assert judged(hosts) == []
    twins = [{**BETA, "project": f"/opt/beta/{name}.yml"} for name in ("one", "two")]
    assert len(left_alone.projects(twins)) == len(twins)


def test_the_role_writes_what_is_read(host: Host) -> None:
    role = ROOT / "roles" / "host"
    template = yaml.safe_load((role / "vars/main.yml").read_text())["__host_left_alone"]
    defaults = yaml.safe_load((role / "defaults/main.yml").read_text())
    environment = jinja2.nativetypes.NativeEnvironment()
    for given in (defaults["host_left_alone"], [BETA]):
        written = environment.from_string(template["projects"]).render(host_left_alone=given)
        host.places.file.write_text(json.dumps({**template, "projects": written}))
        assert [vars(each) for each in load(host.places)] == given
    spec = yaml.safe_load((role / "meta/argument_specs.yml").read_text())["argument_specs"]["main"]["options"]
    assert tuple(spec["host_left_alone"]["options"]) == KEYS
    assert template["version"] == FORMAT
    [task] = yaml.safe_load((role / "tasks/left_alone.yml").read_text())
    assert f"/etc/freqops/{task['freqops_files']['files'][0]['path']}" == str(Places().file)


# --- as it is said

MARKED = {"pid": 77, "command": "freqtrade trade", "left_alone": BETA}


def test_a_halt_says_what_goes_on_and_how_to_stop_it() -> None:
    assert halted_line(MARKED) == (
        "LEFT ALONE, NOT HALTED: Freqtrade of /opt/beta/docker-compose.yml goes on trading (pid 77): "
        "adopted on Sunday; stop it: docker compose -f /opt/beta/docker-compose.yml stop"
    )
    assert status_line(MARKED) == (
        "LEFT ALONE: Freqtrade of /opt/beta/docker-compose.yml trades, and is no bot of freqops (pid 77): "
        "adopted on Sunday"
    )


@pytest.mark.parametrize("name", ["opt/beta", "/opt/\x1b[2J", "/opt/be\nta", "", "; reboot"])
def test_what_is_no_path_gets_into_no_command(name: str) -> None:
    assert "docker compose" not in halted_line({**MARKED, "left_alone": {**BETA, "project": name}})


def test_a_path_with_blanks_is_one_word_of_the_command() -> None:
    line = halted_line({**MARKED, "left_alone": {**BETA, "project": "/opt/a b/$(reboot)'.yml"}})
    assert line.endswith("""docker compose -f '/opt/a b/$(reboot)'"'"'.yml' stop""")


@pytest.mark.parametrize(
    "process",
    [None, {}, {"pid": 7, "command": "x"}, {"left_alone": BETA}, {**MARKED, "pid": "7"}, {**MARKED, "left_alone": {}},
     {**MARKED, "left_alone": None}, {**MARKED, "left_alone": {**BETA, "reason": 5}}],
    ids=str,
)  # fmt: skip
def test_what_has_no_whole_mark_is_not_left_alone(process: object) -> None:
    assert not is_left_alone(process)
    assert is_left_alone(MARKED)


def test_the_verdict_counts_them() -> None:
    assert [but_for(count) for count in (0, 1, 2)] == [
        "", ", but for 1 Freqtrade that is left alone", ", but for 2 Freqtrades that are left alone",
    ]  # fmt: skip
