"""The major version of a cluster and of an image, and an image that must not be brought up over a cluster."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from freqops.core.bot import postgres_major
from freqops.core.bot.postgres_major import NoMajor

PINNED = f"registry.example/postgres@sha256:{'1a' * 32}"
COMPOSE = (Path(__file__).parents[4] / "templates" / "postgres" / "compose.yml.j2").read_text()


def described(*variables: str) -> str:
    return json.dumps([{"Config": {"Env": list(variables)}}])


def test_a_cluster_says_its_version(tmp_path: Path) -> None:
    assert postgres_major.of_directory(tmp_path / "none") is None
    (tmp_path / "PG_VERSION").write_text("15\n")
    assert postgres_major.of_directory(tmp_path) == 15
    for text in ("", "9.6\n", "1\n", "x", "15 and more than a version"):
        (tmp_path / "PG_VERSION").write_text(text)
        with pytest.raises(NoMajor, match="has no major version"):
            postgres_major.of_directory(tmp_path)


def test_an_image_says_its_version_in_its_environment() -> None:
    assert postgres_major.in_description(described("PATH=/bin", "PG_MAJOR=17")) == 17
    for said in ("", "[]", "{}", "[{}]", described(), described("PG_MAJOR=x"), json.dumps([{"Config": {"Env": None}}])):
        assert postgres_major.in_description(said) is None


def test_an_image_that_does_not_is_asked_for_its_program() -> None:
    asked: list[Sequence[str]] = []

    def run(argv: Sequence[str]) -> tuple[int, str]:
        asked.append(argv)
        return (0, described()) if argv[1] == "image" else (0, "postgres (PostgreSQL) 16.3 (Debian)\n")

    assert postgres_major.of_image(PINNED, run) == 16
    assert "--network=none" in asked[1]
    assert list(asked[1])[-2:] == [PINNED, "--version"]
    with pytest.raises(NoMajor, match="is not on this host"):
        postgres_major.of_image(PINNED, lambda _argv: (1, "no such image"))
    for said in (1, "postgres (PostgreSQL) 16.3"), (0, "psql 16"):
        with pytest.raises(NoMajor, match="does not say which version"):
            postgres_major.of_image(PINNED, lambda argv, said=said: (0, "[]") if argv[1] == "image" else said)  # type: ignore[misc]


def test_another_version_is_refused_with_its_cure() -> None:
    assert [postgres_major.refused(*pair) for pair in ((None, 17), (17, None), (17, 17))] == ["", "", ""]
    assert "cluster on its disk is of Postgres 15: upgrade_postgres.yml brings" in postgres_major.refused(15, 17)
    assert "name an image of Postgres 17; 'upgrade_postgres.yml -e action=undo'" in postgres_major.refused(17, 15)


def test_the_image_of_a_file_is_replaced_as_the_role_would_render_it() -> None:
    before, after = (COMPOSE.replace("{{ postgres_image }}", image) for image in (PINNED, PINNED.replace("1a", "2b")))
    assert postgres_major.image_in(before) == PINNED
    assert postgres_major.with_image(before, PINNED.replace("1a", "2b")) == after
    for compose, image in ((before, "postgres:17"), ("new", PINNED), (before * 2, PINNED), (before, f"{PINNED}\n")):
        with pytest.raises(NoMajor, match=r"deploy\.yml"):
            postgres_major.with_image(compose, image)
