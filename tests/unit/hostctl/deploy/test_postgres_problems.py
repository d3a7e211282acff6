"""The Postgres of a host is red where it does not run as it was made, or its Compose file is another one."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from freqops.core.deploy import own_container
from freqops.core.deploy.container import Container
from freqops.hostctl.bot.engine_command import EngineError
from freqops.hostctl.deploy.postgres_problems import connections_of_bots, postgres_problems
from tests.unit.fakes import FakeEngine, made_container, make_bot

URLS = {"alpha": "postgresql+psycopg2://a", "beta": "sqlite:////x"}


class Host:
    """Two bots, one on Postgres and one on SQLite; what the engine has is Postgres alone."""

    def __init__(self, root: Path) -> None:
        self.root, self.engine = root, FakeEngine()
        self.engine.present = replace(made_container(), project="freqops-shared", service="postgres")
        (root / "postgres" / "staged").mkdir(parents=True)
        self.used, self.staged = root / "postgres" / "compose.yml", root / "postgres" / "staged" / "compose.yml"
        for path in (self.used, self.staged):
            path.write_text("name: freqops-shared\nservices: {}\n")
        for name, url in URLS.items():
            make_bot(root, name)
            self.use(name, url)
        own_container.of_postgres(root).take_in(None, self.engine.present, [])

    def use(self, bot: str, url: str) -> None:
        (self.root / "bots" / bot / "conf" / "secrets.json").write_text(json.dumps({"db_url": url}))

    def become(self, **changed: object) -> None:
        assert self.engine.present is not None
        self.engine.present = replace(self.engine.present, **changed)  # type: ignore[arg-type]

    def problems(self) -> list[str]:
        return postgres_problems(self.root, self.engine)


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return Host(tmp_path)


def test_one_that_runs_as_it_was_made_is_well(host: Host) -> None:
    assert host.problems() == []


WITHOUT = "no database of alpha answers"
FOREIGN = (
    "a container called freqops-postgres is there that is not freqops' own: it was made by hand, of x, and is running; "
    "see what it is ('docker inspect freqops-postgres'), then 'docker stop freqops-postgres' and "
    "'docker rm freqops-postgres', and deploy again"
)
DISEASES: dict[str, tuple[Callable[[Host], object], str]] = {
    "gone": (
        lambda h: setattr(h.engine, "present", None),
        f"freqops-postgres is gone: {WITHOUT}; the next deploy makes it again",
    ),
    "ended": (
        lambda h: h.become(status="exited"),
        f"freqops-postgres is exited: {WITHOUT}; 'docker start freqops-postgres' or a deploy starts it",
    ),
    "changed by hand": (
        lambda h: h.become(made={"HostConfig.Privileged": "true"}),
        "freqops-postgres is not as it was made: HostConfig.Privileged is true, not unset; a deploy makes it again",
    ),
    "made by nobody knows whom": (
        lambda h: own_container.of_postgres(h.root).forget(),
        "freqops-postgres is not as it was made: how it was made is not known; a deploy makes it again",
    ),
    "somebody else's": (lambda h: h.become(project="", service="", image="x"), FOREIGN),
    "another Compose file": (
        lambda h: h.used.write_text("name: freqops-shared\nservices: {x: y}\n"),
        "freqops-postgres: its compose.yml is not the one that the last deploy staged: line 2 is the first that",
    ),
    "no Compose file": (
        lambda h: h.used.unlink(),
        "freqops-postgres: its compose.yml is gone, or cannot be read; the next deploy puts back the one that",
    ),
}


@pytest.mark.parametrize("name", DISEASES)
def test_what_is_wrong_with_it_has_words_and_a_cure(host: Host, name: str) -> None:
    spoil, said = DISEASES[name]
    spoil(host)
    [problem] = host.problems()
    assert problem.startswith(said)


def test_an_engine_without_an_answer_is_no_well_postgres(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    def silent(_name: str) -> Container:
        raise EngineError("no answer")

    monkeypatch.setattr(host.engine, "container", silent)
    assert host.problems() == ["whether freqops-postgres runs as it was made is not known: no answer"]


def test_where_no_bot_uses_one_nothing_is_said(host: Host) -> None:
    host.use("alpha", "sqlite:////y")
    host.engine.present = None
    assert host.problems() == []


def test_a_bot_whose_secrets_cannot_be_read_may_use_it(host: Host) -> None:
    (host.root / "bots" / "alpha" / "conf" / "secrets.json").write_text("{")
    host.engine.present = None
    assert "no database of alpha answers" in host.problems()[0]
    host.used.unlink()  # there never was one, as far as anybody knows
    assert host.problems() == []


# --- connections


def said(host: Host, monkeypatch: pytest.MonkeyPatch, answer: str | None) -> None:
    def pipe(_argv: list[str], _timeout: float) -> str:
        if answer is None:
            raise EngineError("no answer within 10 s")
        return answer

    monkeypatch.setattr(host.engine, "pipe", pipe, raising=False)


def test_the_connections_of_its_bots_are_figures_of_a_status(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    host.use("alpha", "postgresql+psycopg2://alpha_paper:x@postgres:5432/alpha_paper")
    said(host, monkeypatch, "alpha_paper 20 6\nbeta_paper 20 20\nall 100 26\n")
    problems, notes = connections_of_bots(host.root, host.engine)
    assert (problems, notes) == ([], ["connections to Postgres: alpha 6 of 20; 26 of 100 in all"])


@pytest.mark.parametrize(("answer", "why"), [(None, "no answer within 10 s"), ("ERROR", "a line that is no user")])
def test_connections_that_cannot_be_counted_are_red(
    host: Host, monkeypatch: pytest.MonkeyPatch, answer: str | None, why: str
) -> None:
    said(host, monkeypatch, answer)
    [problem] = connections_of_bots(host.root, host.engine)[0]
    assert problem.startswith("how many connections its bots have to Postgres is not known: ")
    assert why in problem


def test_without_a_bot_on_postgres_nobody_is_asked(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    (host.root / "postgres" / "compose.yml").unlink()
    host.use("alpha", "sqlite:////x")
    said(host, monkeypatch, None)
    assert connections_of_bots(host.root, host.engine) == ([], [])


def test_an_upgrade_that_is_not_over_is_named(host: Host) -> None:
    (host.root / "postgres" / "upgrade.json").write_text("{}")
    [line] = host.problems()
    assert line.startswith("freqops-postgres: an upgrade of it is under way, or not over: freqops-recover ends it")
