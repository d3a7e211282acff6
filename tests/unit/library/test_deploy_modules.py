"""The modules of a deploy: what they do, that they do it once, what they foretell, and what they show."""

from __future__ import annotations

import base64
import hashlib
import json
import os
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.basic import AnsibleModule

from freqops.core.base import remarks
from freqops.core.deploy import release
from library import (
    freqops_deploy_lock,
    freqops_directories,
    freqops_postgres,
    freqops_rollback,
    freqops_stage,
    freqops_switch,
)
from tests.unit.fakes import made_container, make_bot
from tests.unit.library.conftest import Run
from tests.unit.library.test_host_command_modules import Stub, use

OLD, NEW = "0" * 16, "1" * 16
MARK = "\n".join(
    (  # of a release that was validated by this freqops
        "by Freqtrade of i",
        'freqops-remark: {"kind": "trading", "configuration": {}}',
        f'freqops-remark: {{"kind": "read", "config.json": "{"0" * 64}"}}',
        'freqops-remark: {"kind": "stake", "values": {}, "fixed": []}',
    )
)


# --- stage


@pytest.fixture
def stage(tmp_path: Path, owner: int) -> dict[str, Any]:
    """Arguments as the action plugin gives them, for a bot that runs another release."""
    home = make_bot(tmp_path, release=OLD)
    (home / "release" / OLD / "config.json").write_text('{"stake": 1, "telegram": {"token": "canary-old"}}')
    tool = tmp_path / "freqops-host"
    tool.write_text("the tool")
    files = {
        "config.json": '{"stake": 2, "telegram": {"token": "canary-new"}}',
        "bot.json": "{}",
        "compose.yml": "c",
        "strategies/S.py": "code",
        "python/freqops/strategy/gate.py": "gate",
    }
    mark = hashlib.sha256(b"the tool").hexdigest()
    return {
        "bot": {"name": "alpha"}, "image": "i", "packages": "p", "compose": "c", "strategy_dir": "s", "validator": "v",
        "home": str(home), "owner": owner, "release": NEW, "files": files, "tool": "t", "tool_mark": mark,
        "tool_here": str(tool),
    }  # fmt: skip


def test_a_release_is_laid_out_once_beside_the_one_that_runs(run: Run, stage: dict[str, Any]) -> None:
    home = Path(stage["home"])
    before = (home / "bot.json").read_text()
    first, second = run(freqops_stage, **stage), run(freqops_stage, **stage)
    assert (first["changed"], second["changed"]) == (True, False)
    assert (first["former"], first["release"], first["validated"]) == (OLD, NEW, False)
    assert first["installs"] == {"bot.json": "{}", "compose.yml": "c"}
    assert (home / "release" / NEW / "strategies/S.py").read_text() == "code"
    assert (home / "conf/freqops-host").read_text() == "the tool"
    assert (home / "bot.json").read_text() == before


def read_files(**contents: bytes) -> dict[str, str]:
    return {f"user_files/{name}": base64.b64encode(content).decode() for name, content in contents.items()}


def test_files_that_a_strategy_reads_are_laid_out_unchanged_and_have_a_mount_point(
    run: Run, stage: dict[str, Any]
) -> None:
    home, before = Path(stage["home"]), os.umask(0o077)
    stage["contents"] = read_files(levels=b"\xff\0\r\n")
    try:
        assert run(freqops_stage, check=True, **stage)["changed"] is True
        assert not (home / "var" / "user_files").exists()
        first, second = run(freqops_stage, **stage), run(freqops_stage, **stage)
    finally:
        os.umask(before)
    assert (first["changed"], second["changed"]) == (True, False)
    laid_out = home / "release" / NEW / "user_files" / "levels"
    assert (laid_out.read_bytes(), laid_out.stat().st_mode & 0o777) == (b"\xff\0\r\n", 0o444)
    point = (home / "var" / "user_files").stat()
    assert (point.st_uid, point.st_gid, point.st_mode & 0o7777) == (stage["owner"], stage["owner"], 0o755)
    (home / "var" / "user_files").rmdir()
    assert run(freqops_stage, check=True, **stage)["changed"] is True
    assert run(freqops_stage, **stage)["changed"] is True
    laid_out.chmod(0o644)
    laid_out.write_bytes(b"changed")
    assert run(freqops_stage, **stage)["changed"] is True
    assert laid_out.read_bytes() == b"\xff\0\r\n"


def digests(contents: dict[str, str]) -> dict[str, str]:
    return {name: hashlib.sha256(base64.b64decode(content)).hexdigest() for name, content in contents.items()}


@pytest.mark.parametrize("check", [True, False])
def test_what_no_release_here_has_is_asked_for_before_anything_is_touched(
    run: Run, stage: dict[str, Any], check: bool
) -> None:
    contents = read_files(levels=b"\xff\0", more=b"m")
    answer = run(freqops_stage, check=check, **{**stage, "digests": digests(contents)})
    assert (answer["changed"], answer["wanted"]) == (False, ["user_files/levels", "user_files/more"])
    assert not (Path(stage["home"]) / "release" / NEW).exists()


def test_what_a_release_here_has_need_not_be_sent(run: Run, stage: dict[str, Any]) -> None:
    home, contents = Path(stage["home"]), read_files(levels=b"\xff\0", more=b"m")
    stage["digests"] = digests(contents)
    assert run(freqops_stage, **{**stage, "contents": contents})["changed"] is True
    again = run(freqops_stage, **stage)
    assert (again["changed"], "wanted" in again) == (False, False)
    assert run(freqops_stage, **{**stage, "release": "2" * 16})["changed"] is True
    assert (home / "release" / ("2" * 16) / "user_files/levels").read_bytes() == b"\xff\0"
    spoilt, linked = (home / "release" / name / "user_files/levels" for name in (NEW, "2" * 16))
    spoilt.chmod(0o644)
    spoilt.write_bytes(b"changed")
    linked.rename(home / "else")
    linked.symlink_to(home / "else")
    assert run(freqops_stage, **stage)["wanted"] == ["user_files/levels"]
    assert spoilt.read_bytes() == b"changed"
    sent = {**stage, "contents": {"user_files/levels": contents["user_files/levels"]}}
    assert run(freqops_stage, **sent)["changed"] is True
    assert spoilt.read_bytes() == b"\xff\0"


def test_the_host_does_not_log_what_it_was_given_to_read(
    run: Run, stage: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    logged: list[str] = []
    monkeypatch.setattr(AnsibleModule, "log", lambda _self, message, **_more: logged.append(str(message)))
    stage["contents"] = read_files(levels=b"level" * 100, empty=b"")
    answer = run(freqops_stage, **stage)
    assert (answer["changed"], answer["release"], answer["former"]) == (True, NEW, OLD)
    assert any("strategy_dir=s" in line for line in logged)
    assert not any(stage["contents"]["user_files/levels"][:40] in line for line in logged)


def test_a_diff_shows_of_what_is_no_text_its_size_and_digest(run: Run, stage: dict[str, Any]) -> None:
    old = Path(stage["home"]) / "release" / OLD / "user_files"
    old.mkdir()
    (old / "levels").write_bytes(b"\xfe")
    (old / "text").write_text("a\n")
    stage["contents"] = read_files(levels=b"\xff\0", text=b"b\n", new=b"c\n")
    shown = {each["after_header"]: each for each in run(freqops_stage, check=True, **stage)["diff"]}
    levels = shown["user_files/levels"]
    assert levels["before"].startswith("1 bytes, sha256 ")
    assert levels["after"] == f"2 bytes, sha256 {hashlib.sha256(b'\xff\0').hexdigest()}\n"
    assert (shown["user_files/text"]["before"], shown["user_files/text"]["after"]) == ("a\n", "b\n")
    assert (shown["user_files/new"]["before"], shown["user_files/new"]["after"]) == ("", "c\n")


@pytest.mark.parametrize("check", [True, False])
def test_what_the_bot_wrote_where_they_are_mounted_is_not_hidden(run: Run, stage: dict[str, Any], check: bool) -> None:
    own = Path(stage["home"]) / "var" / "user_files"
    own.mkdir(parents=True)
    (own / "mine.csv").touch()
    assert run(freqops_stage, **stage)["changed"] is True, "it reads no files"
    stage["release"], stage["contents"] = "2" * 16, read_files(levels=b"")
    answer = run(freqops_stage, check=check, **stage)
    assert answer["failed"] is True
    assert answer["msg"] == (
        f"alpha was not touched: {own} has files of the bot's own, which user_files would hide: move them away"
    )
    assert not (Path(stage["home"]) / "release" / stage["release"]).exists()


def test_staging_is_foretold_and_then_nothing_is_written(run: Run, stage: dict[str, Any]) -> None:
    assert run(freqops_stage, check=True, **stage)["changed"] is True
    assert not (Path(stage["home"]) / "release" / NEW).exists()
    assert not (Path(stage["home"]) / "conf/freqops-host").exists()
    run(freqops_stage, **stage)
    assert run(freqops_stage, check=True, **stage)["changed"] is False
    (Path(stage["home"]) / "release" / NEW).chmod(0o777)
    assert run(freqops_stage, check=True, **stage)["changed"] is True
    assert run(freqops_stage, **stage)["changed"] is True


def test_a_diff_shows_the_configuration_and_no_secret(run: Run, stage: dict[str, Any]) -> None:
    answer = run(freqops_stage, check=True, **stage)
    shown = next(each for each in answer["diff"] if each["after_header"] == "config.json")
    assert '"stake": 1' in shown["before"]
    assert '"stake": 2' in shown["after"]
    assert "canary" not in json.dumps(answer["diff"])


@pytest.mark.parametrize("check", [True, False])
def test_a_diff_shows_what_changes_beside_the_release_that_runs(run: Run, stage: dict[str, Any], check: bool) -> None:
    stage["files"]["bot.json"] = '{"limits": 5}'
    run(freqops_stage, **stage)
    (Path(stage["home"]) / "bot.json").write_text(json.dumps({"release": NEW}))
    stage["files"]["bot.json"] = '{"limits": 2}'
    [shown] = run(freqops_stage, check=check, **stage)["diff"]
    assert (shown["before"], shown["after"]) == ('{"limits": 5}', '{"limits": 2}')


def test_what_somebody_changed_in_a_release_is_mended_and_read_again(run: Run, stage: dict[str, Any]) -> None:
    run(freqops_stage, **stage)
    place = Path(stage["home"]) / "release" / NEW
    (place / release.VALIDATED).write_text(MARK)
    assert run(freqops_stage, **stage)["validated"] is True
    (place / "strategies/S.json").write_text('{"params": {}}')
    answer = run(freqops_stage, **stage)
    assert (answer["changed"], answer["validated"]) == (True, False)
    assert not (place / "strategies/S.json").exists()
    assert not (place / release.VALIDATED).exists()


def test_a_mark_of_old_is_no_validation_and_nothing_else_changes(run: Run, stage: dict[str, Any]) -> None:
    """It lacks the configuration that Freqtrade built: the release is read again, and is the same one."""
    run(freqops_stage, **stage)
    mark = Path(stage["home"]) / "release" / NEW / release.VALIDATED
    for text, validated in (("by Freqtrade of i\n", False), (MARK, True)):
        mark.write_text(text)
        for check in (True, False):
            answer = run(freqops_stage, check=check, **stage)
            assert (answer["changed"], answer["validated"], answer["cautions"]) == (False, validated, "")
        assert mark.read_text() == text


def test_whoever_the_bot_is_can_read_all_of_a_release(run: Run, stage: dict[str, Any]) -> None:
    place = Path(stage["home"]) / "release" / NEW
    before = os.umask(0o077)
    try:
        run(freqops_stage, **stage)
    finally:
        os.umask(before)
    for path in place.rglob("*"):
        assert path.stat().st_mode & 0o777 == (0o755 if path.is_dir() else 0o444), path
    (place / "python/freqops").chmod(0o700)
    assert run(freqops_stage, check=True, **stage)["changed"] is True
    assert run(freqops_stage, **stage)["changed"] is True
    assert (place / "python/freqops").stat().st_mode & 0o777 == 0o755


def test_what_was_said_of_a_release_is_said_again_until_it_changes(run: Run, stage: dict[str, Any]) -> None:
    assert run(freqops_stage, **stage)["cautions"] == ""
    place = Path(stage["home"]) / "release" / NEW
    caution = remarks.MARK + '{"kind": "ungated"}'
    (place / release.VALIDATED).write_text(f"by Freqtrade of i\n{caution}")
    for check in (True, False):
        assert run(freqops_stage, check=check, **stage)["cautions"] == caution
    (place / "strategies/S.json").write_text("{}")
    assert run(freqops_stage, **stage)["validated"] is False
    assert run(freqops_stage, **stage)["cautions"] == ""


def test_another_tool_than_the_one_of_this_deploy_is_refused(run: Run, stage: dict[str, Any]) -> None:
    Path(stage["tool_here"]).write_text("an older one")
    answer = run(freqops_stage, **stage)
    assert answer["failed"] is True
    assert "not the one that this deploy brings" in answer["msg"]


# --- switch and rollback

WELL = {"bot": "alpha", "well": True, "changed": True, "outcome": "running", "proven": True, "detail": [], "log": []}
BACK = {**WELL, "well": False, "outcome": "rolled back", "detail": ["1111 failed"], "log": ["Traceback", "ValueError"]}


def rows(*each: dict[str, Any]) -> str:
    return json.dumps({"version": 1, "bots": list(each)})


def test_a_switch_names_bots_turn_and_actor(run: Run, stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    tool, noted = stub(rows(WELL))
    use(monkeypatch, freqops_switch, tool)
    answer = run(freqops_switch, releases={"alpha": NEW, "beta": OLD}, actor="ann@here", deploy_lock="one", deadline=7)
    assert (answer["changed"], answer.get("failed", False)) == (True, False)
    assert noted.read_text().splitlines() == [
        "switch", f"alpha={NEW},beta={OLD}", "--deadline=7", "--actor=ann@here", "--deploy-lock=one", "--incident=one",
    ]  # fmt: skip


def test_a_bot_that_went_back_fails_with_its_last_log_lines(
    run: Run, stub: Stub, monkeypatch: pytest.MonkeyPatch
) -> None:
    tool, _ = stub(rows(WELL, {**BACK, "bot": "beta"}), 2)
    use(monkeypatch, freqops_switch, tool)
    answer = run(freqops_switch, releases={"alpha": NEW, "beta": NEW}, actor="ann")
    assert (answer["failed"], answer["changed"]) == (True, True)
    assert "beta: ROLLED BACK, PROVEN" in answer["msg"]
    assert answer["msg"].endswith("beta: its last log lines:\nTraceback\nValueError")
    assert "alpha" not in answer["msg"]


@pytest.mark.parametrize(
    ("proven", "outcome", "said"),
    [
        (False, "rolled back", "ROLLED BACK, NOT PROVEN"),
        (False, "refused", "REFUSED"),
        (True, "halted", "HALTED, PROVEN"),
    ],
)
def test_what_is_not_proven_is_said(
    run: Run, stub: Stub, monkeypatch: pytest.MonkeyPatch, proven: bool, outcome: str, said: str
) -> None:
    tool, _ = stub(rows({**BACK, "proven": proven, "outcome": outcome}), 2)
    use(monkeypatch, freqops_switch, tool)
    assert f"alpha: {said}\n" in run(freqops_switch, releases={"alpha": NEW}, actor="ann")["msg"]


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is warned of; Ansible says a text only once."""
    said: list[str] = []
    monkeypatch.setattr(AnsibleModule, "warn", lambda _self, text: said.append(text))
    return said


def foretold(monkeypatch: pytest.MonkeyPatch, found: dict[str, Any]) -> None:
    """Have a check find these containers, and no bots of a lab on this machine."""
    rules = vars(freqops_switch)["foretelling"]  # the module's own copy of them
    monkeypatch.setattr(rules.processes, "scan", lambda *_: [])
    monkeypatch.setattr(rules, "containers", lambda _names: found)


def test_a_switch_is_foretold_and_nothing_is_called(
    run: Run, stub: Stub, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, told: list[str]
) -> None:
    tool, noted = stub(rows(WELL))
    use(monkeypatch, freqops_switch, tool)
    foretold(monkeypatch, {})
    root = tmp_path / "tree"
    home = make_bot(root, release=OLD)
    hold = {"holder": "halt", "level": 3, "reason": "r", "actor": "a", "incident": "i", "seq": 1, "set_at": "t"}
    document = {"version": 1, "seq": 1, "holds": [{**hold, "rest": "paused"}]}
    arguments: dict[str, Any] = {"root": str(root), "actor": "ann"}
    assert run(freqops_switch, check=True, releases={"alpha": NEW}, **arguments)["changed"] is True
    assert run(freqops_switch, check=True, releases={"alpha": OLD}, **arguments)["changed"] is True, "it does not run"
    (home / "conf/holds.json").write_text(json.dumps(document))
    assert run(freqops_switch, check=True, releases={"alpha": OLD}, **arguments)["changed"] is False, "and must not"
    renewed = run(freqops_switch, check=True, releases={"alpha": OLD}, renewed=["alpha"], **arguments)
    assert renewed["changed"] is True
    assert run(freqops_switch, check=True, releases={"ghost": OLD}, **arguments)["changed"] is True
    assert told == [
        f"alpha: release {NEW} would replace {OLD}", "alpha: it does not run, and would be started",
        "alpha: it would get new secrets", f"ghost: release {OLD} would replace nothing",
    ]  # fmt: skip
    assert not noted.exists()


def test_what_a_switch_would_install_is_foretold_and_shown(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, told: list[str]
) -> None:
    foretold(monkeypatch, {})
    home = make_bot(tmp_path, release=OLD)
    installs = {"alpha": {"bot.json": (home / "bot.json").read_text().replace("running", "stopped")}}
    arguments = {"releases": {"alpha": OLD}, "installs": installs, "root": str(tmp_path)}
    answer = run(freqops_switch, check=True, **arguments)
    assert (answer["changed"], answer["bots"]) == (True, [])
    assert any(text.startswith('alpha: initial_state is "running", and would be "stopped"') for text in told)
    assert [shown["after_header"] for shown in answer["diff"]] == ["bot.json"]


def test_the_dump_before_another_image_is_foretold(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, told: list[str]
) -> None:
    foretold(monkeypatch, {})
    monkeypatch.setattr(vars(freqops_switch)["recovery_points"], "FILE", tmp_path / "points.json")
    home = make_bot(tmp_path, release=OLD)
    wanted = {**json.loads((home / "bot.json").read_text()), "release": NEW, "image": "other@sha256:01"}
    installs = {"alpha": {"bot.json": json.dumps(wanted)}}
    run(freqops_switch, check=True, releases={"alpha": NEW}, installs=installs, root=str(tmp_path))
    assert told == [
        f"alpha: release {NEW} would replace {OLD}",
        "alpha: all of its database would be in a dump before the change; there is none since the boot",
    ]


def test_a_check_fails_where_a_container_of_somebody_else_is_in_the_way(
    run: Run, stub: Stub, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    tool, noted = stub(rows(WELL))
    use(monkeypatch, freqops_switch, tool)
    foretold(monkeypatch, {"freqops-alpha": made_container(project="", service="")})
    make_bot(tmp_path, release=OLD)
    answer = run(freqops_switch, check=True, releases={"alpha": NEW, "beta": NEW}, root=str(tmp_path))
    assert answer["failed"] is True
    assert answer["msg"].startswith("WOULD BE REFUSED\nalpha: REFUSED\nalpha: a container called freqops-alpha")
    assert "beta" not in answer["msg"]
    assert not noted.exists()


def test_a_check_that_cannot_ask_the_engine_fails(run: Run, stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    _, noted = stub("")
    (noted.parent / "freqops-host").rename(noted.parent / "docker")
    monkeypatch.setenv("PATH", str(noted.parent))
    (noted.parent / "docker").write_text("#!/bin/sh\necho 'Cannot connect to the Docker daemon' >&2\nexit 1\n")
    for module, more in ((freqops_switch, {"releases": {"alpha": NEW}}), (freqops_postgres, {})):
        answer = run(module, check=True, **more)
        assert answer["failed"] is True
        assert "cannot be foretold: the engine does not answer: Cannot connect" in answer["msg"]


def test_what_may_change_for_open_trades_is_passed_on(run: Run, stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    tool, noted = stub(rows(WELL))
    use(monkeypatch, freqops_switch, tool)
    for accepted in (True, False):
        run(freqops_switch, releases={"alpha": NEW}, accept_effective=accepted)
        assert ("--accept-effective" in noted.read_text().split()) is accepted


def test_a_change_without_a_dump_is_passed_on(run: Run, stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    tool, noted = stub(rows(WELL))
    use(monkeypatch, freqops_switch, tool)
    for accepted in (True, False):
        run(freqops_switch, releases={"alpha": NEW}, accept_stale_dump=accepted)
        assert ("--accept-stale-dump" in noted.read_text().split()) is accepted


def test_a_rollback_by_hand_passes_on_what_became_of_it(run: Run, stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    tool, noted = stub(rows({**WELL, "release": OLD}))
    use(monkeypatch, freqops_rollback, tool)
    answer = run(freqops_rollback, bot="alpha", reason="too many", actor="ann", release=OLD)
    assert (answer["changed"], answer["outcome"], answer["release"]) == (True, "running", OLD)
    assert noted.read_text().splitlines()[:2] == ["rollback", "alpha"]
    assert f"--release={OLD}" in noted.read_text()
    tool, _ = stub(rows({**BACK, "outcome": "halted"}), 2)
    failed = run(freqops_rollback, bot="alpha", reason="too many", actor="ann")
    assert failed["failed"] is True
    assert "alpha: HALTED, PROVEN" in failed["msg"]
    checked = run(freqops_rollback, check=True, bot="alpha", reason="too many", actor="ann")
    assert checked["failed"] is True
    assert "this was a check" in checked["msg"]


# --- directories and the deploy lock


def test_directories_are_made_once(run: Run, tmp_path: Path, owner: int) -> None:
    wanted = [
        {"path": "a", "owner": owner, "group": owner, "mode": "0750"},
        {"path": "a/b", "owner": owner, "group": owner},
    ]
    arguments: dict[str, Any] = {"below": str(tmp_path), "directories": wanted}
    foretold = run(freqops_directories, check=True, **arguments)
    assert (foretold["changed"], (tmp_path / "a").exists()) == (True, False)
    assert run(freqops_directories, **arguments)["made"] == [str(tmp_path / "a"), str(tmp_path / "a/b")]
    assert run(freqops_directories, **arguments)["changed"] is False
    (tmp_path / "a").chmod(0o777)
    mended = run(freqops_directories, **arguments)
    assert "0777" in mended["diff"]["before"]
    assert (tmp_path / "a").stat().st_mode & 0o7777 == 0o750


def test_a_file_in_the_place_of_a_directory_is_refused(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a").touch()
    answer = run(freqops_directories, below=str(tmp_path), directories=[{"path": "a"}])
    assert answer["failed"] is True
    assert "is no directory" in answer["msg"]


def test_a_turn_is_taken_refused_and_given_back(run: Run, tmp_path: Path) -> None:
    ann = {"id": "one", "actor": "ann", "control": "here", "pid": 1, "started": "1", "root": str(tmp_path)}
    bob = {**ann, "id": "two", "actor": "bob"}
    assert run(freqops_deploy_lock, check=True, **ann)["changed"] is False
    assert list(tmp_path.iterdir()) == []
    assert run(freqops_deploy_lock, **ann).get("failed", False) is False
    refused = run(freqops_deploy_lock, **bob)
    assert (refused["failed"], refused["holder"]["actor"]) == (True, "ann")
    assert "ann deploys here" in refused["msg"]
    assert run(freqops_deploy_lock, state="given", **bob).get("failed", False) is False
    assert run(freqops_deploy_lock, **bob)["failed"] is True, "the lock of another deploy is not given back"
    run(freqops_deploy_lock, state="given", **ann)
    assert run(freqops_deploy_lock, **bob).get("failed", False) is False
    assert run(freqops_deploy_lock, instead_of="two", **ann).get("failed", False) is False
