"""Secrets in real repositories of git: in old commits, merges, other branches, and under odd names; never shown."""

from __future__ import annotations

import os
import secrets
import subprocess
from datetime import date, timedelta
from pathlib import Path

import pytest
import yaml

from freqops.core.base.statements import Statement
from freqops.core.security import items
from freqops.core.security.row import OK, RED, UNKNOWN, WAIVED, Row
from freqops.plays import git_history, inventory_history
from freqops.plays.git_history import Unreadable

TODAY = date(2026, 6, 1)
KEY = secrets.token_hex(32)
PRIVATE = "-----BEGIN " + "OPENSSH PRIVATE KEY-----"
ODD = ["blank in it.yml", 'quo"te.yml', "tab\tin it.yml", "line\nbreak.yml", "ünïcode.yml", "-dash.yml", "b/+++.yml"]


class Repository:
    """A repository with an inventory in it."""

    def __init__(self, top: Path) -> None:
        self.top = top
        top.mkdir()
        self.git("init", "--quiet", "--initial-branch=main")
        self.commit(**{"hosts.yml": "all:\n  hosts:\n    one: {ansible_host: 192.0.2.1}\n"})

    def git(self, *words: str) -> str:
        named = ["-c", "user.name=ann", "-c", "user.email=ann@example.com", "-c", "commit.gpgsign=false"]
        done = subprocess.run(["git", "-C", str(self.top), *named, *words], capture_output=True, text=True, check=True)
        return done.stdout

    def commit(self, **files: str | None) -> str:
        """Commit files by their names; None deletes one."""
        return self.commit_all(files)

    def commit_all(self, files: dict[str, str | None]) -> str:
        for name, text in files.items():
            path = self.top / name
            if text is None:
                path.unlink()
            else:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message=x")
        return self.git("rev-parse", "HEAD").strip()

    def rows(self, *waivers: Statement) -> dict[str, Row]:
        return {each.item: each for each in inventory_history.rows([str(self.top)], waivers, TODAY)}

    def history(self, *waivers: Statement) -> Row:
        return self.rows(*waivers)[items.HISTORY]


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "inventory")


def test_a_repository_without_a_secret_is_ok(repository: Repository) -> None:
    repository.commit(
        **{"group_vars/all.yml": f"freqtrade_image: reg.example/freqtrade@sha256:{'0a' * 32}\nansible_user: ops\n"}
    )
    assert {item: row.verdict for item, row in repository.rows().items()} == {items.HISTORY: OK, items.SECRETS: OK}


def test_a_secret_that_was_deleted_since_is_found_in_its_commit(repository: Repository) -> None:
    commit = repository.commit(**{"old.yml": f"a: 1\nsecrets_exchange:\n  alpha: {{key: {KEY}}}\n"})
    repository.commit(**{"old.yml": None})
    row = repository.history()
    assert row.verdict == RED
    assert f"in old.yml:3, commit {commit[:12]}" in row.evidence
    assert KEY not in row.evidence


def test_a_secret_in_another_branch_a_tag_and_the_stash_is_found(repository: Repository) -> None:
    repository.git("checkout", "--quiet", "-b", "other")
    repository.commit(**{"a.yml": f"password: {KEY}\n"})
    repository.git("checkout", "--quiet", "main")
    assert repository.history().verdict == RED
    repository.git("branch", "--quiet", "-D", "other")
    assert repository.history().verdict == OK  # it is in no branch any more
    repository.git("checkout", "--quiet", "--detach")
    repository.commit(**{"a.yml": f"password: {KEY}\n"})
    repository.git("tag", "kept")
    repository.git("checkout", "--quiet", "main")
    assert repository.history().verdict == RED


def test_a_secret_that_only_a_merge_brought_is_found(repository: Repository) -> None:
    repository.git("checkout", "--quiet", "-b", "other")
    repository.commit(**{"a.yml": "a: 1\n"})
    repository.git("checkout", "--quiet", "main")
    repository.commit(**{"b.yml": "b: 1\n"})
    repository.git("merge", "--quiet", "--no-ff", "--no-commit", "other")
    commit = repository.commit(**{"merged.yml": f"api_key: {KEY}\n"})
    assert len(repository.git("rev-list", "--merges", "--all").split()) == 1
    row = repository.history()
    assert (row.verdict, commit[:12] in row.evidence) == (RED, True)


@pytest.mark.parametrize("name", ODD)
def test_a_secret_in_a_file_of_an_odd_name_is_found_and_named(repository: Repository, name: str) -> None:
    repository.commit_all({name: f"x: 1\npassword: {KEY}\n"})
    found, _ = inventory_history.findings(repository.top)
    assert {(each.path, each.line) for each in found} == {(name, 2)}
    assert "\n" not in repository.history().evidence


@pytest.mark.parametrize("settings", ["* -diff", "* binary", "*.yml diff=hidden", "* -text eol=crlf"])
def test_no_attribute_hides_a_secret(repository: Repository, settings: str) -> None:
    repository.git("config", "diff.hidden.textconv", "true")
    repository.git("config", "diff.hidden.binary", "true")
    repository.commit(**{".gitattributes": f"{settings}\n", "a.yml": f"password: {KEY}\n"})
    assert repository.history().verdict == RED


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("diff.noprefix", "true"), ("diff.mnemonicPrefix", "true"), ("diff.external", "true"), ("color.ui", "always"),
        ("log.showSignature", "true"), ("diff.renames", "copies"), ("format.pretty", "oneline"), ("diff.context", "9"),
        ("log.diffMerges", "off"), ("core.quotePath", "false"), ("diff.interHunkContext", "20"),
        ("diff.orderFile", "/dev/null"),
    ],
)  # fmt: skip
def test_no_setting_hides_a_secret(repository: Repository, name: str, value: str) -> None:
    commit = repository.commit(**{"a.yml": f"a: 1\nb: 2\npassword: {KEY}\n"})
    repository.git("config", name, value)
    assert f"in a.yml:3, commit {commit[:12]}" in repository.history().evidence


def test_a_replaced_commit_hides_nothing(repository: Repository) -> None:
    clean = repository.git("rev-parse", "HEAD").strip()
    commit = repository.commit(**{"a.yml": f"password: {KEY}\n"})
    repository.git("replace", commit, clean)
    assert repository.history().verdict == RED


def test_no_variable_leads_git_elsewhere(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository.commit(**{"a.yml": f"password: {KEY}\n"})
    other = Repository(tmp_path / "other")
    monkeypatch.setenv("GIT_DIR", str(other.top / ".git"))
    monkeypatch.setenv("GIT_EXTERNAL_DIFF", "true")
    assert repository.history().verdict == RED


def test_lines_that_look_like_patches_forge_nothing(repository: Repository) -> None:
    forged = "++ b/harmless.png\n@@ -0,0 +1,900 @@\n\0" + "0" * 40 + "\ndiff --git a/x b/x\n"
    repository.commit(**{"a.txt": forged})
    commit = repository.commit(**{"a.txt": f"{forged}password = '{KEY}'\n-- a/x\n", "b.yml": f"password: {KEY}\n"})
    found, _ = inventory_history.findings(repository.top)
    assert {(each.path, each.commit) for each in found} == {("a.txt", commit), ("b.yml", commit)}


@pytest.mark.parametrize(
    "text",
    [
        f"secrets_exchange: {{alpha: {{key: {KEY}, x: 1}}}}", f"- {KEY}", f"BINANCE={KEY}", f'"secret": "{KEY}"',
        "password: hunter2hunter2", f"{PRIVATE}", f"token: '{KEY}'  # pragma: allowlist secret",
        f"url: https://ann:{KEY}@example.com/", f"x: {'y ' * 9000} password: '{KEY}'",
    ],
)  # fmt: skip
def test_forms_of_a_secret_that_are_found(repository: Repository, text: str) -> None:
    repository.commit(**{"group_vars/all.yml": f"{text}\n"})
    row = repository.history()
    assert row.verdict == RED, text
    assert KEY not in row.evidence


@pytest.mark.parametrize(
    "text",
    [
        'password: "{{ vaulted_password }}"', "password: !vault |\n  $ANSIBLE_VAULT;1.1;AES256\n  6162636465",
        "secret: ENC[AES256_GCM,data:abcdefghijklmnop,iv:abcdefghijklmnop,tag:abc==,type:str]", "password: ''",
        f"freqtrade_image: reg.example/freqtrade@sha256:{'3f9a' * 16}",
    ],
)  # fmt: skip
def test_what_is_no_secret_is_not_found(repository: Repository, text: str) -> None:
    repository.commit(**{"group_vars/all.yml": f"{text}\n"})
    row = repository.history()
    assert row.verdict == OK, row


def test_a_secret_in_a_file_without_text_is_found(repository: Repository) -> None:
    (repository.top / "blob.bin").write_bytes(b"\0\1\2\nAKIA" + b"QYLPMN5HFIQR7XYA" + b"\n" + b"\xff" * 20_000)
    repository.git("add", "--all")
    repository.git("commit", "--quiet", "--message=x")
    assert repository.history().verdict == RED


def test_one_secret_that_stays_is_one_finding_of_its_oldest_commit(repository: Repository) -> None:
    first = repository.commit(**{"a.yml": f"password: {KEY}\n"})
    for number in range(3):
        repository.commit(**{"a.yml": f"# {number}\npassword: {KEY}\n"})
        repository.commit(**{"a.yml": "nothing: 1\n"})
    found, _ = inventory_history.findings(repository.top)
    assert {each.commit for each in found} == {first}


# --- what is not read is not known


def test_a_shallow_repository_is_not_known(repository: Repository, tmp_path: Path) -> None:
    repository.commit(**{"a.yml": "a: 1\n"})
    subprocess.run(
        ["git", "clone", "--quiet", "--depth=1", f"file://{repository.top}", str(tmp_path / "shallow")], check=True
    )
    [history, _] = inventory_history.rows([str(tmp_path / "shallow")], [], TODAY)
    assert (history.verdict, "shallow" in history.evidence) == (UNKNOWN, True)


def test_a_partial_clone_is_not_known(repository: Repository) -> None:
    repository.git("config", "remote.origin.promisor", "true")
    row = repository.history()
    assert (row.verdict, "partial clone" in row.evidence) == (UNKNOWN, True)


def test_a_repository_that_is_broken_is_not_known(repository: Repository) -> None:
    repository.commit(**{"a.yml": f"password: {KEY}\n"})
    blob = repository.git("rev-parse", "HEAD:a.yml").strip()
    (repository.top / ".git" / "objects" / blob[:2] / blob[2:]).unlink()
    assert repository.history().verdict == UNKNOWN
    (repository.top / ".git" / "HEAD").write_text("nonsense")
    assert {row.verdict for row in repository.rows().values()} == {UNKNOWN}


def test_a_machine_without_git_does_not_know(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(git_history, "GIT", ("/nowhere/git",))
    assert {row.verdict for row in repository.rows().values()} == {UNKNOWN}


def test_more_than_is_read_is_not_known(repository: Repository) -> None:
    repository.commit(**{"a.yml": "x: 1\n" * 1000})
    with pytest.raises(Unreadable, match="more than is read"):
        list(git_history.added(repository.top, most=100))
    with pytest.raises(Unreadable, match="longer than 0 s"):
        list(git_history.added(repository.top, seconds=0.0))


def test_an_inventory_in_no_repository_is_said(tmp_path: Path) -> None:
    found = inventory_history.rows([str(tmp_path), "one,two,"], [], TODAY)
    assert [(row.verdict, row.evidence) for row in found] == [(OK, inventory_history.NO_REPOSITORY)] * 2
    assert inventory_history.rows([], [], TODAY)[0].verdict == OK


def test_a_directory_within_a_repository_and_a_link_to_it_count(repository: Repository, tmp_path: Path) -> None:
    repository.commit(**{"deep/inside/hosts.yml": "all: {}\n", "elsewhere.yml": f"password: {KEY}\n"})
    (tmp_path / "current").symlink_to(repository.top / "deep" / "inside")
    for source in (tmp_path / "current", repository.top / "deep" / "inside" / "hosts.yml"):
        [history, _] = inventory_history.rows([str(source)], [], TODAY)
        assert history.verdict == RED, "the whole repository counts"


def test_of_a_checkout_of_freqops_its_inventories_count_and_that_is_said(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inventory_history, "PROJECT", repository.top.resolve())
    repository.commit(**{"tests/fake.yml": f"password: {KEY}\n", "inventories/mine/hosts.yml": "all: {}\n"})
    [row, _] = inventory_history.rows([str(repository.top / "inventories" / "mine")], [], TODAY)
    assert (row.verdict, "freqops' own" in row.evidence) == (OK, True)
    repository.commit(**{"inventories/example/all.yml": f"password: {KEY}\n"})
    [row, _] = inventory_history.rows([str(repository.top / "inventories" / "mine")], [], TODAY)
    assert row.verdict == OK
    [row, _] = inventory_history.rows([str(repository.top / "inventories" / "example")], [], TODAY)
    assert row.verdict == RED, "it is in use"
    repository.commit(**{"inventories/former/all.yml": f"password: {KEY}\n"})
    [row, _] = inventory_history.rows([str(repository.top / "inventories" / "mine")], [], TODAY)
    assert row.verdict == RED


# --- waivers


def said(text: str, days: int = 30) -> Statement:
    return Statement(items.HISTORY, "", text, "ann", TODAY + timedelta(days=days))


def test_a_waiver_covers_the_findings_whose_marks_it_names_and_no_others(repository: Repository) -> None:
    repository.commit(**{"a.yml": f"password: {KEY}\n"})
    [mark] = {each.mark for each in inventory_history.findings(repository.top)[0] if each.kind == "Secret Keyword"}
    marks = [each.mark for each in inventory_history.findings(repository.top)[0]]
    assert mark in repository.history().evidence
    assert repository.history(said("it was revoked long ago")).verdict == RED
    row = repository.history(said(f"revoked long ago: {', '.join(marks)}"))
    assert (row.verdict, "ann, until 2026-07-01" in row.evidence) == (WAIVED, True)
    assert repository.history(said(" ".join(marks), days=-1)).verdict == RED
    repository.commit(**{"b.yml": f"password: {secrets.token_hex(32)}\n"})
    assert repository.history(said(" ".join(marks))).verdict == RED


# --- tracked files of secrets


@pytest.mark.parametrize("name", ["secrets.yml", "deep/er/secrets.yaml", "secrets.json"])
@pytest.mark.parametrize(
    "text",
    ["", "secrets_exchange: {}\n", "$ANSIBLE_VAULT;1.1;AES256\n", "$ANSIBLE_VAULT;1.1;AES256\npassword: x\n", "{"],
)
def test_a_tracked_plain_file_of_secrets_is_red_whatever_it_has(repository: Repository, name: str, text: str) -> None:
    repository.commit_all({name: text})
    row = repository.rows()[items.SECRETS]
    assert (row.verdict, name in row.evidence) == (RED, True)
    (repository.top / name).unlink()
    assert repository.rows()[items.SECRETS].verdict == RED, "it is in the index still"


def test_an_encrypted_one_and_an_untracked_one_are_ok(repository: Repository) -> None:
    (repository.top / ".gitignore").write_text("untracked/\n")
    sops = {"secrets_exchange": {"alpha": {"key": "ENC[AES256_GCM,data:x]"}}, "sops": {"mac": "ENC[x]"}}
    repository.commit(
        **{"secrets.yml": "$ANSIBLE_VAULT;1.1;AES256\n6162\n6364\n", "b/secrets.yml": yaml.safe_dump(sops),
           "secrets.yml.example": "secrets_exchange: {alpha: {key: ''}}\n"}
    )  # fmt: skip
    (repository.top / "untracked").mkdir()
    (repository.top / "untracked" / "secrets.yml").write_text("plain: 1\n")
    row = repository.rows()[items.SECRETS]
    assert (row.verdict, row.evidence) == (OK, "encrypted: b/secrets.yml, secrets.yml")


@pytest.mark.parametrize(
    "change", [{"plain": "x"}, {"number": 7}, {"sops": {}}, {"sops": None}, {"deep": {"list": ["ENC[x]", "y"]}}]
)
def test_one_that_is_encrypted_in_part_is_red(change: dict[str, object]) -> None:
    document = {"a": "ENC[x]", "sops": {"mac": "ENC[x]"}, **change}
    assert not inventory_history.is_encrypted(yaml.safe_dump(document).encode())


def test_this_runs_nothing_of_the_repository(repository: Repository, tmp_path: Path) -> None:
    hook = tmp_path / "hook"
    hook.write_text(f"#!/bin/sh\ntouch {tmp_path / 'ran'}\n")
    hook.chmod(0o755)
    for name in (
        "core.fsmonitor",
        "diff.external",
        "diff.x.textconv",
        "diff.x.command",
        "core.pager",
        "core.sshCommand",
    ):
        repository.git("config", name, str(hook))
    (repository.top / ".gitattributes").write_text("* diff=x\n")
    (repository.top / "secrets.yml").write_text("x: 1\n")
    repository.git("-c", "core.fsmonitor=false", "add", "--all")
    repository.git("-c", "core.fsmonitor=false", "commit", "--quiet", "--message=x")
    (tmp_path / "ran").unlink(missing_ok=True)
    repository.rows()
    assert not (tmp_path / "ran").exists()
    assert os.access(hook, os.X_OK)
