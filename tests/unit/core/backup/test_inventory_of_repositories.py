"""What an inventory declares as repositories is judged for every host before any is asked, as a host would judge it."""

from __future__ import annotations

from typing import Any

import pytest

from freqops.core.backup import declared_repositories, repository
from freqops.core.base.kinds import Malformed
from freqops.core.preflight import names
from freqops.core.preflight.fleet import REPOSITORIES, Fleet, Way
from tests.unit.core.preflight.fleets import KNOWN, inventory

GOOD: dict[str, Any] = {"name": "local", "url": "/srv/freqops/backup/local"}
AT: dict[str, Any] = {"name": "vault", "at": "vault-1"}
SECRET = "canary-of-a-password"
NAMED = "give each repository of a host a name of its own"
ONE = "paper-1: backup_repositories[0]: "


def fleet(*rows: Any, keeper: dict[str, Any] | None = None) -> Fleet:
    hosts = inventory()
    hosts["paper-1"][REPOSITORIES] = list(rows)
    hosts["vault-1"] = keeper or {}
    return Fleet(hosts, {}, KNOWN, {host: Way(host) for host in hosts})


def judged(*rows: Any, keepers: tuple[str, ...] = ("vault-1",), keeper: dict[str, Any] | None = None) -> list[str]:
    return [refusal.line for refusal in declared_repositories.judge(fleet(*rows, keeper=keeper), keepers)]


@pytest.mark.parametrize(
    "row",
    [
        GOOD,
        AT,
        {**AT, "append_only": True, "keep_days": 7},
        {"name": "s3", "url": "s3:bucket", "append_only": True, "dumps": None, "keep_days": 90, "keep_least": 5},
        {"name": "keys", "url": "sftp:vault:/keys", "secrets": True},
        {"name": "old", "url": "rest:https://vault/old/", "of_host": "old-1"},
    ],
)
def test_what_a_host_takes_is_not_refused(row: dict[str, Any]) -> None:
    assert judged(row) == []
    assert judged() == []


def test_a_host_that_declares_none_has_the_default() -> None:
    assert list(declared_repositories.judge(Fleet(inventory(), {}, KNOWN), [])) == []


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("/srv/backup", "it is a text of 11 characters; each repository is a mapping with name, url, at"),
        (None, "it is no text; each repository is a mapping with name"),
        ({"url": "/srv/x"}, "name is missing; each repository needs name"),
        ({**GOOD, "keep_day": 3}, "local: keep_day is no key of a repository; did you mean keep_days?"),
        ({**GOOD, "account": "x"}, "local: account is no key of a repository; known are append_only, at, dumps"),
        ({**GOOD, "name": 5}, "name: 5 is not a text; write it in quotes"),
        ({**GOOD, "name": "Local"}, "Local is no name of a repository; one is like local or vault-2"),
        ({**GOOD, "keep_days": "30"}, "local: keep_days: '30' is not a whole number; it must be a whole number, with"),
        ({**GOOD, "keep_days": True}, "local: keep_days: True is not a whole number"),
        (
            {**GOOD, "keep_days": -1},
            "local: keep_days goes from 1 to 3650, and keep_least from 1 to 1000; given are -1",
        ),
        ({**GOOD, "keep_least": 0}, "keep_least from 1 to 1000; given are 30 and 0"),
        ({**GOOD, "keep_least": 10**101}, "local: keep_least: it is too large; write a smaller number"),
        ({**GOOD, "append_only": "maybe"}, "local: append_only: 'maybe' is not true or false"),
        ({**GOOD, "of_host": None}, "local: of_host: None is not a text; give it a value or leave it out"),
        ({**GOOD, "url": 5}, "local: url: a number; write it in quotes"),
        (
            {**GOOD, "url": "srv/x"},
            "local: its url is 'srv/x'; allowed are an absolute path of the host, and what begi",
        ),
        ({**GOOD, "at": "vault-1"}, "local: a repository has either url or at; docs/runbooks/backup.md has what"),
        ({"name": "local"}, "local: a repository has either url or at"),
        (
            {**GOOD, "secrets": True, "dumps": True},
            "local: with secrets = true it has nothing but secrets, and no dumps",
        ),
        ({**AT, "append_only": False}, "vault: at another host append_only is true: that host forgets and prunes"),
        ({**AT, "of_host": "old-1"}, "vault: a repository of the host old-1 has a url, and no at"),
        (
            {**AT, "at": "vault-2"},
            "vault: at is vault-2, which keeps no repositories; hosts of group repositories are v",
        ),
        ({**AT, "at": {"host": "vault-1"}}, "vault: at: {'host': 'vault-1'} is not a text; it must be a text"),
        ({**AT, "at": None}, "vault: at: None is not a text; give it a value or leave it out"),
    ],
)
def test_what_a_host_would_refuse_is_refused_with_host_entry_mistake_and_cure(row: Any, said: str) -> None:
    [line] = judged(row)
    assert line.startswith(ONE + said) or said in line
    assert line.startswith(ONE)


def test_nothing_that_a_host_refuses_passes_and_nothing_that_it_takes_is_refused() -> None:
    """The same rule judges in both places: whatever the values of one entry."""
    values: dict[str, list[Any]] = {
        "name": ["a", "A", "", 1], "url": ["/srv/x", "x", "rest:h", 1, None], "append_only": [True, False, 0],
        "secrets": [True, 1, None], "keep_days": [1, 0, -5, "1", 2.5, 99999], "keep_least": [1, 0, None],
        "dumps": [True, None, "no"], "of_host": ["h", "-h", "", 3], "other": [1],
    }  # fmt: skip
    for key, found in values.items():
        for value in found:
            row = {**GOOD, key: value}
            try:
                repository.read({"version": 1, "repositories": [row]})
            except Malformed:
                assert judged(row), row
            else:
                assert judged(row) == [], row
    assert set(KNOWN[REPOSITORIES]["options"]) == set(repository.FIELDS)


def test_two_of_one_name_or_place_are_refused_and_the_first_is_named() -> None:
    twice = judged(GOOD, {**GOOD, "url": "/srv/other"}, {"name": "third", "url": "/srv/freqops/backup/local"})
    assert twice == [
        f"{ONE.replace('0', '1')}local: its name is that of {REPOSITORIES}[0], too; {NAMED}",
        f"{ONE.replace('0', '2')}third: its url is that of {REPOSITORIES}[0], too; one place is one repository",
    ]
    assert judged({**GOOD, "url": "rest:h/"}, {"name": "b", "url": "rest:h"}), "the same place, written otherwise"
    assert judged(AT, {**GOOD, "name": "vault"})
    assert len(judged(AT, AT)) == 1


def test_every_entry_of_every_host_is_judged_although_others_are_wrong() -> None:
    hosts = inventory()
    hosts["paper-1"][REPOSITORIES] = [5, {**GOOD, "keep": 1}]
    hosts["prod-1"][REPOSITORIES] = [{**GOOD, "name": "X"}]
    lines = [refusal.line for refusal in declared_repositories.judge(Fleet(hosts, {}, KNOWN), [])]
    assert [line.partition("]: ")[0] for line in lines] == [
        "paper-1: backup_repositories[0", "paper-1: backup_repositories[1", "prod-1: backup_repositories[0",
    ]  # fmt: skip


@pytest.mark.parametrize("keeper", [{"repositories_address": "a b"}, {"repositories_port": 70000}])
def test_a_host_that_cannot_be_reached_as_it_is_declared_keeps_nothing(keeper: dict[str, Any]) -> None:
    [line] = judged(AT, keeper=keeper)
    assert line.startswith(f"{ONE}vault: at vault-1: ")
    assert line.endswith("repositories_address and repositories_port of vault-1 say how it is reached")


def test_without_a_group_of_keepers_that_is_said() -> None:
    [line] = judged(AT, keepers=())
    assert line.endswith("no host is in group repositories")


@pytest.mark.parametrize(
    "row",
    [
        {**GOOD, "url": f"rest:https://ann:{SECRET}@vault/"},
        {**GOOD, "url": [f"rest:https://ann:{SECRET}@vault/"]},
        f"rest:https://ann:{SECRET}@vault/",
    ],
)
def test_a_password_is_shown_nowhere(row: Any) -> None:
    [line] = judged(row)
    assert SECRET not in line


def test_a_name_that_no_role_has_is_refused_and_a_list_that_is_none() -> None:
    hosts = inventory()
    hosts["paper-1"] |= {"backup_repository": [], REPOSITORIES: {"name": "local"}}
    hosts["prod-1"] |= {REPOSITORIES: ["x"]}  # each entry is judged by itself
    lines = [refusal.line for refusal in names.variables(Fleet(hosts, {}, KNOWN))]
    assert lines == [
        "paper-1: backup_repository is no variable of any role; did you mean backup_repositories?",
        "paper-1: backup_repositories: {'name': 'local'} is not a list; it must be a list",
    ]


def test_where_the_repositories_alone_are_judged_nothing_else_is() -> None:
    hosts = inventory()
    hosts["paper-1"] |= {"freqtrade_image": "latest", "freqtrade_memmory": "1g", "backup_repository": []}
    hosts["paper-1"][REPOSITORIES] = [{**GOOD, "keep": 1}]
    lines = [refusal.line for refusal in declared_repositories.alone(Fleet(hosts, {}, KNOWN), [])]
    assert [line.partition(" is no ")[0] for line in lines] == [
        "paper-1: backup_repository", f"{ONE}local: keep",
    ]  # fmt: skip
