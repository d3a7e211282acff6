"""Repositories and parts as they are declared and asked for: what is refused, and with which words."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from freqops.core.backup import parts, repository
from freqops.core.backup.repository import Repository
from freqops.core.base.errors import Refused
from freqops.core.base.kinds import Malformed

GOOD = {"name": "local", "url": "/srv/freqops/backup/local"}


def declared(*rows: Any) -> list[Repository]:
    return repository.read({"version": 1, "repositories": list(rows)})


def test_what_is_declared_is_read_with_its_defaults() -> None:
    [found] = declared(GOOD)
    assert found == Repository("local", "/srv/freqops/backup/local", False, False, 30, 3)
    assert declared(found.to_json()) == [found]
    assert declared() == []


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"name": "Local"}, "no name of a repository"),
        ({"name": "../x"}, "no name of a repository"),
        ({"url": "local"}, "allowed are an absolute path"),
        ({"url": "/"}, "allowed are an absolute path"),
        ({"url": "/srv/../etc"}, "allowed are an absolute path"),
        ({"url": "rest:"}, "allowed are an absolute path"),
        ({"url": "ftp://x"}, "allowed are an absolute path"),
        ({"url": "s3:bucket name"}, "allowed are an absolute path"),
        ({"url": "/srv/\n"}, "allowed are an absolute path"),
        ({"url": "rest:https://ann:secret@vault/"}, "its url has a password"),
        ({"append_only": "yes"}, "append_only is 'yes'"),
        ({"keep_days": 0}, "keep_days goes from 1"),
        ({"keep_least": 0}, "keep_least from 1"),
        ({"keep": 3}, "a repository has no keep"),
        ({"of_host": "-x"}, "of_host is '-x', which is no name of a host"),
        ({"of_host": "old-1", "dumps": True}, "it is of the host old-1, and no dumps go there"),
        ({"of_host": "a b"}, "which is no name of a host"),
    ],
)
def test_what_means_nothing_is_refused_with_words(changed: dict[str, Any], said: str) -> None:
    with pytest.raises(Malformed, match=said):
        declared({**GOOD, **changed})


def test_a_password_is_in_no_message() -> None:
    with pytest.raises(Malformed) as refused:
        declared({**GOOD, "url": "rest:https://ann:secret@vault/"})
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize("other", [{**GOOD, "url": "/elsewhere"}, {**GOOD, "name": "other"}])
def test_a_name_or_a_place_twice_is_refused(other: dict[str, Any]) -> None:
    with pytest.raises(Malformed, match="2 rows"):
        declared(GOOD, other)


@pytest.mark.parametrize("document", [None, [], {}, {"version": 2, "repositories": []}, {"version": 1}])
def test_another_document_is_refused(document: object) -> None:
    with pytest.raises(Malformed):
        repository.read(document)


def test_one_is_chosen_by_name(tmp_path: Path) -> None:
    found = declared(GOOD, {"name": "vault", "url": "rest:https://vault/"})
    assert repository.chosen(found, "vault") == found[1:]
    assert repository.chosen(found, None) == found
    with pytest.raises(Refused, match="unknown repository other; this host has local, vault"):
        repository.chosen(found, "other")
    with pytest.raises(Refused, match="nothing is backed up"):
        repository.chosen([], None)
    with pytest.raises(Refused, match=r"repositories\.json is missing: deploy\.yml writes it"):
        repository.load(tmp_path)
    (tmp_path / "backup").mkdir()
    path = tmp_path / "backup" / "repositories.json"
    path.write_text('{"version": 1, "repositories": []}')
    path.chmod(0o666)
    with pytest.raises(Refused, match="can be written by others"):
        repository.load(tmp_path, os.geteuid())


@pytest.mark.parametrize("name", ["RESTIC_PASSWORD", "RESTIC_REPOSITORY", "PATH", "LD_PRELOAD", "HOME", "aws", "A B"])
def test_variables_of_restic_and_of_the_system_are_refused(name: str) -> None:
    with pytest.raises(Malformed, match="none that a repository's place needs"):
        repository.variables({name: "x"})


@pytest.mark.parametrize("value", ["", 1, None, "a\0b", "x" * 70_000])
def test_values_that_are_no_text_are_refused(value: object) -> None:
    with pytest.raises(Malformed, match="is no text"):
        repository.variables({"AWS_ACCESS_KEY_ID": value})
    with pytest.raises(Malformed, match="no object"):
        repository.variables([value])


def test_parts_are_those_that_there_are() -> None:
    assert parts.parse("") == ()
    assert parts.parse("registry, trades") == ("trades", "registry")
    with pytest.raises(Refused, match="unknown part 'trade'; parts are trades, registry"):
        parts.parse("trade")
    with pytest.raises(Refused, match="unknown part ''"):
        parts.parse("trades,")
    with pytest.raises(Refused, match="twice"):
        parts.parse("trades,trades")
    assert set(parts.PLACES) == set(parts.PARTS)


def test_secrets_go_where_nothing_else_goes() -> None:
    assert parts.of((), secrets=False) == parts.ORDINARY
    assert parts.of((), secrets=True) == ("secrets",)
    assert parts.of(("secrets", "logs"), secrets=False) == ("logs",)
    assert parts.of(("logs",), secrets=True) == ()


def test_a_repository_of_another_host_is_none_to_back_up_to() -> None:
    found = declared(GOOD, {"name": "old", "url": "rest:https://vault/", "of_host": "old-1"})
    assert repository.own(found, None) == found[:1]
    assert not found[1].takes_dumps
    assert repository.own(found, "local") == found[:1]
    with pytest.raises(Refused, match="old is of the host old-1: that is read from here, and never written to"):
        repository.own(found, "old")
    with pytest.raises(Refused, match="never written to"):
        repository.own(found[1:], None)
