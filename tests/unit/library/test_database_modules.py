"""The modules that speak with docker and Postgres: what they ask, and how they pass on what was said."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.basic import AnsibleModule

from freqops.core.bot import postgres
from freqops.core.deploy import own_container, release
from library import freqops_databases, freqops_manifest, freqops_postgres, freqops_validate
from tests.unit.fakes import made_container, make_bot
from tests.unit.library.conftest import Run
from tests.unit.library.test_host_command_modules import Stub, use

Docker = Callable[[str], Path]
IMAGE = f"registry.example.com/freqtrade@sha256:{'0' * 64}"
PASSWORD = "canary-password"
LIMIT = "limit 20 of alpha_paper"
ALL = f"user alpha_paper\ndatabase alpha_paper\n{LIMIT}\n"


@pytest.fixture
def docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Docker:
    """Return a function that makes a docker of a script, and the file in which it notes what it was asked."""
    noted = tmp_path / "asked"

    def script(text: str) -> Path:
        path = tmp_path / "bin" / "docker"
        path.parent.mkdir(exist_ok=True)
        path.write_text(f'#!/bin/sh\necho "$@" >>{noted}\n{text}\n')
        path.chmod(0o755)
        return noted

    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    return script


# --- databases


class Postgres:
    """A docker that answers as psql would: it tells what there is, and keeps what it is told."""

    def __init__(self, docker: Docker, root: Path) -> None:
        self.root, self._docker = root, docker
        self.present, self.told = root / "present", root / "told"
        self.present.write_text("")
        self.asked = docker(
            f'said=$(cat); case "$said" in select*) cat {self.present};; *) echo "$said" >>{self.told};; esac'
        )
        home = make_bot(root)
        document = {"db_url": f"postgresql+psycopg2://alpha_paper:{PASSWORD}@postgres:5432/alpha_paper"}
        (home / "conf" / "secrets.json").write_text(json.dumps(document))

    def arguments(self) -> dict[str, Any]:
        return {"bots": {"alpha": "paper"}, "root": str(self.root)}

    def statements(self) -> list[str]:
        return self.told.read_text().splitlines() if self.told.exists() else []


@pytest.fixture
def server(docker: Docker, tmp_path: Path) -> Postgres:
    (tmp_path / "tree").mkdir()
    return Postgres(docker, tmp_path / "tree")


def test_user_and_database_are_made_once(run: Run, server: Postgres) -> None:
    first = run(freqops_databases, **server.arguments())
    assert (first["changed"], first["made"]) == (True, ["database alpha_paper", LIMIT, "user alpha_paper"])
    assert first["diff"]["after"] == f"database alpha_paper\n{LIMIT}\nuser alpha_paper\n"
    user, database, limit = server.statements()
    assert user.startswith('create role "alpha_paper" login nosuperuser')
    assert database.startswith('create database "alpha_paper" owner "alpha_paper"')
    assert limit == 'alter role "alpha_paper" connection limit 20;'
    server.present.write_text(f"user postgres\n{ALL}")
    second = run(freqops_databases, **server.arguments())
    assert (second["changed"], second["made"], len(server.statements())) == (False, [], 3)


def test_another_limit_is_set_and_nothing_else_is_done(run: Run, server: Postgres) -> None:
    server.present.write_text(ALL)
    answer = run(freqops_databases, connections=7, **server.arguments())
    assert (answer["changed"], answer["made"]) == (True, ["limit 7 of alpha_paper"])
    assert server.statements() == ['alter role "alpha_paper" connection limit 7;']


@pytest.mark.parametrize("connections", [-1, 0, 4, 81])
def test_a_limit_that_stops_bots_or_leaves_nothing_to_others_is_refused(
    run: Run, server: Postgres, connections: int
) -> None:
    failed = run(freqops_databases, connections=connections, **server.arguments())
    assert (failed["failed"], failed["msg"]) == (
        True, f"postgres_connections is {connections}; from 5 to 80 are allowed"
    )  # fmt: skip
    assert server.statements() == []


def test_the_password_is_told_to_nobody(run: Run, server: Postgres) -> None:
    answer = run(freqops_databases, **server.arguments())
    user = server.statements()[0]
    salt = user.split(":")[1].split("$")[0]
    verifier = postgres.scram_verifier(PASSWORD, base64.b64decode(salt))
    assert f"password '{verifier}'" in user, "the server can check it all the same"
    assert PASSWORD not in json.dumps(answer) + user + server.asked.read_text()


def test_a_user_that_exists_keeps_its_password(run: Run, server: Postgres) -> None:
    server.present.write_text("user alpha_paper\n")
    answer = run(freqops_databases, **server.arguments())
    assert answer["made"] == ["database alpha_paper", LIMIT]
    assert not any("create role" in statement or "password" in statement for statement in server.statements())


def test_databases_are_foretold_and_nothing_is_made(run: Run, server: Postgres) -> None:
    answer = run(freqops_databases, check=True, **server.arguments())
    assert (answer["changed"], len(answer["made"]), server.statements()) == (True, 3, [])
    server.present.write_text(ALL)
    assert run(freqops_databases, check=True, **server.arguments())["changed"] is False


def test_a_server_that_does_not_answer_yet_has_nothing(run: Run, server: Postgres, docker: Docker) -> None:
    docker("cat >/dev/null; echo 'No such container: freqops-postgres' >&2; exit 1")
    assert len(run(freqops_databases, check=True, **server.arguments())["made"]) == 3
    failed = run(freqops_databases, **server.arguments())
    assert failed["failed"] is True
    assert "Postgres does not answer: No such container" in failed["msg"]


def test_what_the_server_refuses_is_said(run: Run, server: Postgres, docker: Docker) -> None:
    docker('case "$(cat)" in select*) ;; *) echo "ERROR: disk full" >&2; exit 3;; esac')
    failed = run(freqops_databases, **server.arguments())
    assert (failed["failed"], failed["msg"]) == (True, "Postgres refuses: ERROR: disk full")


def test_a_bot_without_a_password_is_named(run: Run, server: Postgres) -> None:
    (server.root / "bots" / "alpha" / "conf" / "secrets.json").unlink()
    failed = run(freqops_databases, **server.arguments())
    assert failed["failed"] is True
    assert "alpha has no password for its database" in failed["msg"]
    assert server.statements() == []


# --- validate


EFFECTIVE = 'freqops-remark: {"kind": "effective", "values": {}}'
DIGEST = "0" * 64
BUILT = (
    'freqops-remark: {"kind": "trading", "configuration": {"timeframe": "5m"}}',
    f'freqops-remark: {{"kind": "read", "config.json": "{DIGEST}"}}',
    'freqops-remark: {"kind": "stake", "values": {}, "fixed": []}',
)
SAID = "\n".join((EFFECTIVE, *BUILT))
ACCEPTS = f"[ \"$1\" = run ] && echo '{SAID}' >&2; exit 0"


@pytest.fixture
def staged(tmp_path: Path) -> dict[str, Any]:
    place, packages = tmp_path / "bots" / "alpha" / "release" / "f00", tmp_path / "packages"
    place.mkdir(parents=True)
    packages.mkdir()
    return {"image": IMAGE, "release": str(place), "packages": str(packages)}


def mark(staged: dict[str, Any]) -> Path:
    return Path(staged["release"]) / release.VALIDATED


def test_what_freqtrade_accepts_is_marked_and_not_asked_again(run: Run, docker: Docker, staged: dict[str, Any]) -> None:
    noted = docker(ACCEPTS)
    first, second = run(freqops_validate, **staged), run(freqops_validate, **staged)
    assert (first["changed"], first["refused"]) == (True, "")
    assert (second["changed"], second["refused"]) == (False, "")
    assert IMAGE in mark(staged).read_text()
    inspected, ran = noted.read_text().splitlines()
    assert inspected == f"image inspect --format={{{{.Id}}}} {IMAGE}"
    for word in ("--network=none", "--read-only", "--cap-drop=ALL", "--pull=never", "--user=1000:1000", "--rm"):
        assert word in ran.split()
    assert ran.endswith(f"{IMAGE} /freqops/release/validate_release.py postgresql")


def test_what_the_inventory_answers_for_is_passed_on(run: Run, docker: Docker, staged: dict[str, Any]) -> None:
    noted = docker(ACCEPTS)
    run(freqops_validate, known_keys=["my_key", "exchange.other"], **staged)
    assert noted.read_text().splitlines()[-1].endswith("/validate_release.py postgresql my_key exchange.other")


def test_a_release_of_which_nobody_knows_what_it_would_trade_by_is_refused(
    run: Run, docker: Docker, staged: dict[str, Any]
) -> None:
    docker('[ "$1" = run ] && echo \'freqops-remark: {"kind": "effective"}\' >&2; exit 0')
    assert "does not say what it would trade by" in run(freqops_validate, **staged)["refused"]
    assert not mark(staged).exists()


@pytest.mark.parametrize("lacking", range(len(BUILT)))
def test_a_release_of_which_nobody_knows_what_was_built_is_refused(
    run: Run, docker: Docker, staged: dict[str, Any], lacking: int
) -> None:
    said = "\n".join((EFFECTIVE, *BUILT[:lacking], *BUILT[lacking + 1 :]))
    docker(f"[ \"$1\" = run ] && echo '{said}' >&2; exit 0")
    assert "does not say which configuration Freqtrade built" in run(freqops_validate, **staged)["refused"]
    docker(f"[ \"$1\" = run ] && echo '{SAID}\n{BUILT[lacking]}' >&2; exit 0")
    assert "or says it twice" in run(freqops_validate, **staged)["refused"]
    assert not mark(staged).exists()


OLD = f"by Freqtrade of {IMAGE}\n{EFFECTIVE}"
OF_OLD = {"before": f"by Freqtrade of {IMAGE}\n", "with effective values": OLD, "cut off": f"{OLD}\n{BUILT[0][:-5]}"}


@pytest.mark.parametrize("what", OF_OLD)
def test_a_mark_without_what_was_built_is_made_again_and_a_check_says_so(
    run: Run, docker: Docker, staged: dict[str, Any], what: str
) -> None:
    """Nothing else of the release changes, so nothing is installed and no bot is started again."""
    mark(staged).write_text(OF_OLD[what])
    other = Path(staged["release"]) / "config.json"
    other.write_text("{}")
    noted = docker(ACCEPTS)
    foretold = run(freqops_validate, check=True, **staged)
    assert (foretold["changed"], foretold["refused"]) == (True, "")
    assert mark(staged).read_text() == OF_OLD[what], "a check writes nothing"
    assert run(freqops_validate, **staged)["changed"] is True
    assert mark(staged).read_text() == f"by Freqtrade of {IMAGE}\n{SAID}"
    assert sorted(path.name for path in other.parent.iterdir()) == ["config.json", release.VALIDATED]
    asked = len(noted.read_text().splitlines())
    assert run(freqops_validate, check=True, **staged)["changed"] is False
    assert run(freqops_validate, **staged)["changed"] is False
    assert len(noted.read_text().splitlines()) == asked, "it is not asked again"


def test_a_mark_of_old_stays_where_freqtrade_refuses_now(run: Run, docker: Docker, staged: dict[str, Any]) -> None:
    mark(staged).write_text(OLD)
    docker('[ "$1" = run ] && { echo "Impossible to load Strategy" >&2; exit 1; }; exit 0')
    answer = run(freqops_validate, **staged)
    assert (answer["changed"], answer["refused"]) == (False, "Impossible to load Strategy")
    assert mark(staged).read_text() == OLD


def test_what_freqtrade_refuses_is_no_failure_and_carries_no_mark(
    run: Run, docker: Docker, staged: dict[str, Any]
) -> None:
    docker('[ "$1" = run ] && { echo "Impossible to load Strategy" >&2; exit 1; }; exit 0')
    answer = run(freqops_validate, **staged)
    assert (answer.get("failed", False), answer["changed"]) == (False, False)
    assert answer["refused"] == "Impossible to load Strategy"
    assert not mark(staged).exists()
    docker('[ "$1" = run ] && exit 137; exit 0')
    assert run(freqops_validate, **staged)["refused"] == "status 137"


def test_what_there_is_to_say_of_an_accepted_release_is_kept_with_its_mark(
    run: Run, docker: Docker, staged: dict[str, Any]
) -> None:
    caution = 'freqops-remark: {"kind": "ungated", "strategy": "S"}'
    noted = docker(f"[ \"$1\" = run ] && {{ echo noise >&2; echo '{caution}' >&2; }}; {ACCEPTS}")
    answer = run(freqops_validate, **staged)
    assert (answer["refused"], answer["cautions"].splitlines()) == ("", [caution, EFFECTIVE])
    assert mark(staged).read_text().splitlines()[1:] == [caution, EFFECTIVE, *BUILT]
    assert f"--env=PYTHONPATH={release.PYTHONPATH}" in noted.read_text().split()


def test_an_image_that_is_not_here_is_pulled(run: Run, docker: Docker, staged: dict[str, Any]) -> None:
    noted = docker(f'[ "$1" = image ] && exit 1; {ACCEPTS}')
    assert run(freqops_validate, database="sqlite", **staged)["refused"] == ""
    lines = noted.read_text().splitlines()
    assert lines[1] == f"pull --quiet {IMAGE}"
    assert lines[2].endswith(" sqlite")


def test_an_image_that_cannot_be_had_is_named(run: Run, docker: Docker, staged: dict[str, Any]) -> None:
    noted = docker("echo 'no route to host' >&2; exit 1")
    answer = run(freqops_validate, **staged)
    assert answer["refused"] == f"the image {IMAGE} cannot be had: no route to host"
    assert len(noted.read_text().splitlines()) == 2, "nothing ran"


NOT_HERE: dict[str, tuple[dict[str, Any], str, str]] = {
    "release": ({"laid_out": False}, "", "the release is not laid out"),
    "packages": ({"packages": "/nowhere"}, "", "the added packages are not there"),
    "image": ({}, '[ "$1" = image ] && exit 1; exit 0', "the image is not there"),
}


@pytest.mark.parametrize("what", NOT_HERE)
def test_a_check_that_cannot_ask_says_so_and_runs_nothing(
    run: Run, docker: Docker, staged: dict[str, Any], monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    said: list[str] = []
    monkeypatch.setattr(AnsibleModule, "warn", lambda _module, text: said.append(text))
    changed, script, lacking = NOT_HERE[what]
    noted = docker(script)
    answer = run(freqops_validate, check=True, **{**staged, **changed})
    assert (answer["changed"], answer["refused"]) == (True, "")
    why = f"for {lacking} on the host yet; the deploy asks, and may refuse it"
    assert said == [f"alpha: Freqtrade was not asked whether it accepts release f00, {why}"]
    assert not mark(staged).exists()
    asked = noted.read_text().splitlines() if noted.exists() else []
    assert all(line.startswith("image inspect") for line in asked)


def test_a_check_refuses_as_the_deploy_does_where_it_can_ask(run: Run, docker: Docker, staged: dict[str, Any]) -> None:
    docker('[ "$1" = run ] && { echo "Impossible to load Strategy" >&2; exit 1; }; exit 0')
    answer = run(freqops_validate, check=True, **staged)
    assert (answer["changed"], answer["refused"]) == (False, "Impossible to load Strategy")
    noted = docker(ACCEPTS)
    answer = run(freqops_validate, check=True, **staged)
    assert (answer["changed"], answer["refused"]) == (True, "")
    assert noted.read_text().splitlines()[-1].startswith("run ")
    assert not mark(staged).exists(), "a check writes nothing"
    mark(staged).write_text(f"by Freqtrade of {IMAGE}\n{SAID}")
    assert run(freqops_validate, check=True, **staged)["changed"] is False


# --- postgres


def test_postgres_is_brought_by_the_host(run: Run, stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [{"bot": "alpha", "outcome": "running"}]
    tool, noted = stub(json.dumps({"changed": True, "bots": rows, "detail": ["alpha: as was accepted"]}))
    use(monkeypatch, freqops_postgres, tool)
    warned: list[str] = []
    monkeypatch.setattr(AnsibleModule, "warn", lambda _self, text: warned.append(text))  # Ansible says a text only once
    answer = run(freqops_postgres, stale=True, reread=True, accept_stale_dump=True)
    assert (answer["changed"], answer["bots"]) == (True, rows)
    assert noted.read_text().splitlines() == ["postgres", "--reread", "--accept-stale-dump"]
    assert warned == ["alpha: as was accepted", "alpha: stopped for a change of Postgres, and running again"]
    tool, _ = stub(json.dumps({"changed": False, "bots": [], "detail": []}))
    again = run(freqops_postgres)
    assert (again["changed"], again["bots"]) == (False, [])
    assert noted.read_text().splitlines() == ["postgres"]


@pytest.mark.parametrize("stale", [True, False])
def test_a_change_of_postgres_is_foretold_and_nothing_runs(
    run: Run, stub: Stub, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, stale: bool
) -> None:
    tool, noted = stub("")
    use(monkeypatch, freqops_postgres, tool)
    found = replace(made_container(), project="freqops-shared", service="postgres")
    rules = vars(freqops_postgres)["foretelling"]  # the module's own copy of them
    monkeypatch.setattr(rules, "containers", lambda _names: {"freqops-postgres": found})
    (tmp_path / "postgres" / "staged").mkdir(parents=True)
    for place in ("compose.yml", "staged/compose.yml"):
        (tmp_path / "postgres" / place).write_text("x")
    own_container.of_postgres(tmp_path).take_in(None, found, [])
    warned: list[str] = []
    monkeypatch.setattr(AnsibleModule, "warn", lambda _self, text: warned.append(text))
    answer = run(freqops_postgres, check=True, stale=stale, root=str(tmp_path))
    assert (answer["changed"], answer["foretold"]) == (stale, ["its description would change"] * stale)
    assert warned == ["Postgres: its description would change"] * stale
    found = replace(found, project="mine")
    refused = run(freqops_postgres, check=True, stale=stale, root=str(tmp_path))
    assert refused["failed"] is True
    assert refused["msg"].startswith("WOULD BE REFUSED: a container called freqops-postgres is there")
    assert not noted.exists()


# --- manifest


def test_the_manifest_is_the_action_plugins_alone(run: Run) -> None:
    answer = run(freqops_manifest, state="written")
    assert answer["failed"] is True
    assert "freqops_manifest is an action of the control node" in answer["msg"]
