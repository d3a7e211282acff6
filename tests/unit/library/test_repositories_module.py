"""The module that proves repositories on other hosts: what it asks of the host, and what fails."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from freqops.core.backup import successes
from freqops.core.backup.answer import Answer, Row
from freqops.core.backup.successes import Known
from freqops.core.deploy import deploy_lock
from library import freqops_repositories
from tests.unit.fakes import START, FakeClock
from tests.unit.library.conftest import Run

ACCOUNT = "fqr-0123456789ab"
Stub = Callable[..., tuple[str, Path]]


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    places = vars(freqops_repositories)["elsewhere"]
    home = places.home
    monkeypatch.setattr(places, "home", lambda account: home(account, tmp_path / "tree"))
    return tmp_path / "tree"


@pytest.fixture
def systemd(tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Let systemd start the unit, which ends with a status and leaves that it pruned, or does not."""
    place = tmp_path / "bin"
    place.mkdir()
    monkeypatch.setenv("PATH", f"{place}:/usr/bin:/bin")

    def give(status: int, *, prunes: bool) -> None:
        known = Known("0" * 64, START, {successes.PRUNE: START} if prunes else {})
        (tmp_path / "left").write_text(json.dumps(successes.to_json({"vault": known})))
        home = tree / ACCOUNT / "backup"
        (place / "systemctl").write_text(
            f"#!/bin/sh\ntest \"$*\" = 'start freqops-{ACCOUNT}.service' || exit 9\n"
            f"mkdir -p {home} && cp {tmp_path}/left {home}/state.json\nexit {status}\n"
        )
        (place / "journalctl").write_text("#!/bin/sh\necho its last words\n")
        for path in place.iterdir():
            path.chmod(0o755)

    return give


def give(stub: Stub, monkeypatch: pytest.MonkeyPatch, document: Any, status: int = 0) -> Path:
    tool, noted = stub(json.dumps(document), status)
    monkeypatch.setattr("library.freqops_repositories.host_command.TOOL", tool)
    return noted


def test_each_is_listed_and_a_host_without_any_asks_nothing(
    run: Run, stub: Stub, monkeypatch: pytest.MonkeyPatch
) -> None:
    noted = give(stub, monkeypatch, Answer("list", [Row("vault", proven=True)]).to_json())
    assert run(freqops_repositories, state="reached")["proven"] == []
    assert not noted.exists()
    done = run(freqops_repositories, state="reached", repositories=["vault"])
    assert (done["changed"], done["proven"]) == (False, ["vault"])
    assert noted.read_text().splitlines() == ["backup", "list", "--json", "--repository=vault"]


@pytest.mark.parametrize(
    ("document", "said"),
    [
        (Answer("list", [Row("vault", problems=["it cannot be reached"])]).to_json(), "NOT PROVEN: vault: it cannot"),
        (Answer("list").to_json(), "NOT PROVEN: no repository was touched"),
        ({"repositories": 1, "action": "list", "exit": 0}, "is understood"),
    ],
)
def test_one_that_is_not_reached_fails(
    run: Run, stub: Stub, monkeypatch: pytest.MonkeyPatch, document: Any, said: str
) -> None:
    give(stub, monkeypatch, document, 2)
    done = run(freqops_repositories, state="reached", repositories=["vault"])
    assert done["failed"] is True
    assert said in done["msg"]


def test_one_that_was_never_kept_is_kept_once(run: Run, systemd: Callable[..., None]) -> None:
    systemd(0, prunes=True)
    looked = run(freqops_repositories, state="kept", accounts=[ACCOUNT], check=True)
    assert (looked["changed"], looked["proven"]) == (True, [])
    done = run(freqops_repositories, state="kept", accounts=[ACCOUNT])
    assert (done["changed"], done["proven"]) == (True, [ACCOUNT])
    systemd(9, prunes=True)
    assert run(freqops_repositories, state="kept", accounts=[ACCOUNT])["changed"] is False


@pytest.mark.parametrize(("status", "prunes"), [(1, True), (0, False)])
def test_one_that_is_not_kept_fails_with_the_last_words(
    run: Run, systemd: Callable[..., None], status: int, *, prunes: bool
) -> None:
    systemd(status, prunes=prunes)
    done = run(freqops_repositories, state="kept", accounts=[ACCOUNT])
    assert done["failed"] is True
    assert "NOT PROVEN" in done["msg"]
    assert "its last words" in done["msg"]


def test_the_deploy_is_heard_of_while_one_is_kept_for_the_first_time(
    run: Run, systemd: Callable[..., None], tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vars(freqops_repositories)["layout"], "ROOT", tree)
    systemd(0, prunes=True)
    done = run(freqops_repositories, state="kept", accounts=[ACCOUNT], deploy_lock="one")
    assert done["failed"] is True
    assert "NOT PROVEN: the deploy lock was lost: no one has it" in done["msg"]
    assert not (tree / ACCOUNT).exists(), "nothing was begun without the lock"
    clock = FakeClock()
    deploy_lock.take(tree, deploy_lock.DeployLock("one", "ann", "here", 7, "77"), clock)
    assert run(freqops_repositories, state="kept", accounts=[ACCOUNT], deploy_lock="one")["changed"] is True
    held = deploy_lock.present(tree)
    assert held is not None
    assert held.uptime > clock.monotonic(), "it was heard of since"
    assert run(freqops_repositories, state="kept", accounts=[ACCOUNT], deploy_lock="another")["changed"] is False


def test_what_is_no_account_is_refused(run: Run, tree: Path) -> None:
    assert run(freqops_repositories, state="kept", accounts=["../root"])["failed"] is True
