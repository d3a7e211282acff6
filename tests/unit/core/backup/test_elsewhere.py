"""A repository on another host as it is declared, and the way there."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from freqops.core.backup import elsewhere, repository
from freqops.core.base.kinds import Malformed

AT = {"host": "keeper-1", "address": "192.0.2.7", "port": 22, "account": "fqr-0123456789ab"}
GOOD = {"name": "vault", "at": AT}


def declared(row: dict[str, Any]) -> repository.Repository:
    [found] = repository.read({"version": 1, "repositories": [row]})
    return found


def test_it_is_only_added_to_and_has_no_url() -> None:
    found = declared(GOOD)
    assert (found.append_only, found.is_local, found.url) == (True, False, "rclone:keeper-1:vault")
    assert declared(found.to_json()) == found


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"append_only": False}, "append_only is true"),
        ({"url": "/srv/x"}, "either url or at"),
        ({"at": {**AT, "address": "-oProxyCommand=x"}}, "no name or address of a host"),
        ({"at": {**AT, "address": "a b"}}, "no name or address of a host"),
        ({"at": {**AT, "host": "keeper-1 other"}}, "no name or address of a host"),
        ({"at": {**AT, "port": 0}}, "0 is no port"),
        ({"at": {**AT, "account": "root"}}, "root is no account of a repository"),
        ({"at": {**AT, "account": "fqr-0123456789ab\n"}}, "no account of a repository"),
        ({"at": {"host": "keeper-1"}}, "a row has no address"),
        ({"at": "keeper-1"}, "at is"),
    ],
)
def test_what_leads_nowhere_is_refused(changed: dict[str, Any], said: str) -> None:
    with pytest.raises(Malformed, match=re.escape(said)):
        declared({**GOOD, **changed})


def test_neither_place_is_refused() -> None:
    with pytest.raises(Malformed, match="either url or at"):
        declared({"name": "vault"})


@pytest.mark.parametrize("address", ["192.0.2.7", "2001:db8::7", "keeper.example"])
def test_the_way_believes_no_other_key_and_no_other_host(address: str) -> None:
    place = elsewhere.read({**AT, "address": address, "port": 2222})
    [option, text] = place.options(Path("/k/vault.ssh"), Path("/k/vault.known_hosts"))
    name, _, program = text.partition("=")
    assert (option, name) == ("-o", "rclone.program")
    words = shlex.split(program)
    assert words[:3] == ["/usr/bin/ssh", "-F", "none"]
    assert words[-2:] == ["--", f"fqr-0123456789ab@{address}"]
    said = dict(word.split("=", 1) for word in words[4:-2:2])
    assert said.items() >= {
        "IdentityFile": "/k/vault.ssh", "IdentitiesOnly": "yes", "IdentityAgent": "none", "BatchMode": "yes",
        "UserKnownHostsFile": "/k/vault.known_hosts", "GlobalKnownHostsFile": "/dev/null",
        "StrictHostKeyChecking": "yes", "HostKeyAlias": "keeper-1", "Port": "2222", "ConnectTimeout": "20",
    }.items()  # fmt: skip


def test_only_an_account_of_a_repository_has_a_home(tmp_path: Path) -> None:
    assert elsewhere.home("fqr-0123456789ab", tmp_path) == tmp_path / "fqr-0123456789ab"
    for account in ("root", "../x", "fqr-0123456789ab/..", ""):
        with pytest.raises(Malformed):
            elsewhere.home(account, tmp_path)
