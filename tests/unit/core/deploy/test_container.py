"""With which settings a container was made, and how another one differs."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from freqops.core.deploy.container import differences, made, place

NUMBER = "0123456789ab" + "c" * 52
IMAGE = "registry.example/freqtrade@sha256:" + "0" * 64
INSPECTED: dict[str, Any] = {  # as the engine describes a bot's container, less what is unset
    "Id": NUMBER,
    "Name": "/freqops-alpha",
    "State": {"Status": "running"},
    "Config": {
        "Hostname": NUMBER[:12],
        "User": "1000:1000",
        "AttachStdout": True,
        "Env": ["PATH=/usr/bin", "PYTHONPATH=/freqops/release/python:/freqops/packages"],
        "Cmd": ["freqtrade", "trade"],
        "Image": IMAGE,
        "Entrypoint": ["python3", "/freqops/conf/freqops-host", "gate", "--"],
        "Labels": {"freqops.release": "f00", "com.docker.compose.config-hash": "abc"},
        "OnBuild": None,
    },
    "HostConfig": {
        "Binds": ["/srv/freqops/bots/alpha/conf:/freqops/conf:ro"],
        "NetworkMode": "freqops-alpha",
        "PortBindings": {"8080/tcp": [{"HostIp": "127.0.0.1", "HostPort": "8081"}]},
        "RestartPolicy": {"Name": "unless-stopped", "MaximumRetryCount": 0},
        "CapAdd": None,
        "CapDrop": ["ALL"],
        "SecurityOpt": ["no-new-privileges:true"],
        "Privileged": False,
        "ReadonlyRootfs": True,
        "Memory": 1073741824,
        "MaskedPaths": ["/proc/kcore", "/proc/keys"],
        "PidMode": "",
    },
    "Mounts": [
        {"Type": "bind", "Source": "/srv/freqops/bots/alpha/conf", "Destination": "/freqops/conf", "RW": False},
        {"Type": "volume", "Name": "b" * 64, "Source": "/var/lib/docker/x", "Destination": "/data", "RW": True},
    ],
    "NetworkSettings": {
        "Networks": {"freqops-alpha": {"Aliases": ["freqops-alpha", "bot", NUMBER[:12]], "IPAddress": "10.0.0.2"}}
    },
}


def changed(change: Callable[[dict[str, Any]], object]) -> list[str]:
    """Return how a container differs when it was changed."""
    document = copy.deepcopy(INSPECTED)
    change(document)
    return differences(made(INSPECTED), made(document))


HOST = "HostConfig"
CHANGES: dict[str, tuple[Callable[[dict[str, Any]], object], str]] = {
    "privileged": (lambda d: d[HOST].update(Privileged=True), "HostConfig.Privileged is true, not unset"),
    "a right": (lambda d: d[HOST].update(CapAdd=["SYS_ADMIN"]), 'HostConfig.CapAdd is ["SYS_ADMIN"], not unset'),
    "all rights": (lambda d: d[HOST].update(CapDrop=None), 'HostConfig.CapDrop is unset, not ["ALL"]'),
    "no restraint": (
        lambda d: d[HOST].update(SecurityOpt=[]),
        'HostConfig.SecurityOpt is unset, not ["no-new-privileges:true"]',
    ),
    "writable": (lambda d: d[HOST].update(ReadonlyRootfs=False), "HostConfig.ReadonlyRootfs is unset, not true"),
    "root": (lambda d: d["Config"].update(User=""), "Config.User is unset, not 1000:1000"),
    "no gate": (
        lambda d: d["Config"].update(Entrypoint=["freqtrade"]),
        'Config.Entrypoint is ["freqtrade"], not ["python3", "/freqops/conf/freqops-host", "gate", "--"]',
    ),
    "another order of words": (
        lambda d: d["Config"]["Cmd"].reverse(),
        'Config.Cmd is ["trade", "freqtrade"], not ["freqtrade", "trade"]',
    ),
    "another image of that name": (
        lambda d: d["Config"].update(Image="registry.example/freqtrade:latest"),
        f"Config.Image is registry.example/freqtrade:latest, not {IMAGE}",
    ),
    "another port": (
        lambda d: d[HOST]["PortBindings"]["8080/tcp"][0].update(HostIp="0.0.0.0"),  # noqa: S104  what is found
        (
            'HostConfig.PortBindings is {"8080/tcp": [{"HostIp": "0.0.0.0", "HostPort": "8081"}]}, '
            'not {"8080/tcp": [{"HostIp": "127.0.0.1", "HostPort": "8081"}]}'
        ),
    ),
    "another mount": (
        lambda d: d["Mounts"][0].update(RW=True),
        (
            "Mounts is /srv/freqops/bots/alpha/conf:/freqops/conf:rw, volume:/data:rw, "
            "not /srv/freqops/bots/alpha/conf:/freqops/conf:ro, volume:/data:rw"
        ),
    ),
    "another network": (
        lambda d: d["NetworkSettings"]["Networks"].update(bridge={"Aliases": None}),
        'Networks.bridge is "", not unset',
    ),
    "the network of the host": (
        lambda d: d[HOST].update(NetworkMode="host"),
        "HostConfig.NetworkMode is host, not freqops-alpha",
    ),
    "the processes of the host": (lambda d: d[HOST].update(PidMode="host"), "HostConfig.PidMode is host, not unset"),
    "another restart policy": (
        lambda d: d[HOST].update(RestartPolicy={"Name": "no", "MaximumRetryCount": 0}),
        (
            'HostConfig.RestartPolicy is {"MaximumRetryCount": 0, "Name": "no"}, '
            'not {"MaximumRetryCount": 0, "Name": "unless-stopped"}'
        ),
    ),
    "another limit": (lambda d: d[HOST].update(Memory=1), "HostConfig.Memory is 1, not 1073741824"),
    "a variable": (
        lambda d: d["Config"]["Env"].append("FREQTRADE__DRY_RUN=false"),
        "Config.Env.FREQTRADE__DRY_RUN is false, not unset",
    ),
    "a secret": (
        lambda d: d["Config"]["Env"].append("FREQTRADE__EXCHANGE__SECRET=abcdef"),
        "Config.Env.FREQTRADE__EXCHANGE__SECRET is [not shown], not unset",
    ),
    "a secret in an address": (
        lambda d: d["Config"]["Env"].append("DB=postgresql://a:pass@b/c"),
        "Config.Env.DB is [not shown], not unset",
    ),
    "a label of ours": (
        lambda d: d["Config"]["Labels"].pop("freqops.release"),
        "Config.Labels.freqops.release is unset, not f00",
    ),
    "a host name": (lambda d: d["Config"].update(Hostname="mine"), "Config.Hostname is mine, not unset"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_what_differs_is_named_with_both_values(name: str) -> None:
    change, said = CHANGES[name]
    assert changed(change) == [said]


COMPOSED = {
    "com.docker.compose.project": "freqops-alpha",
    "com.docker.compose.service": "bot",
    "com.docker.compose.oneoff": "False",
    "com.docker.compose.config-hash": "abc",
}


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, ("freqops-alpha", "bot")),
        ({"com.docker.compose.oneoff": "True"}, ("", "")),
        ({"com.docker.compose.oneoff": None}, ("", "")),
        ({"com.docker.compose.config-hash": None}, ("", "")),
        ({"com.docker.compose.service": None}, ("freqops-alpha", "")),
    ],
)
def test_a_container_is_of_a_service_where_compose_would_find_it(
    changed: dict[str, Any], expected: tuple[str, str]
) -> None:
    labels = {name: value for name, value in {**COMPOSED, **changed}.items() if value is not None}
    assert place({"Config": {"Labels": labels}}) == expected
    assert place({"Config": {"Labels": None}}) == ("", "")


def _made_once_more(document: dict[str, Any]) -> None:
    """Give it what another making of the same gives it: other numbers, another order, another terminal."""
    document.update(Id="f" * 64)
    document["Config"].update(Hostname="f" * 12, AttachStdout=False, OnBuild=[])
    document["Config"]["Env"].reverse()
    document["Config"]["Labels"]["com.docker.compose.config-hash"] = "def"
    document[HOST].update(Binds=None, ConsoleSize=[24, 80], ContainerIDFile="/x", CapAdd=[], Init=None)
    document[HOST]["MaskedPaths"].reverse()
    document["Mounts"].reverse()
    document["Mounts"][0].update(Name="d" * 64, Source="/var/lib/docker/y")
    document["NetworkSettings"]["Networks"]["freqops-alpha"] = {"Aliases": ["bot", "f" * 12, "freqops-alpha"]}


def test_one_that_was_made_once_more_is_the_same() -> None:
    assert changed(_made_once_more) == []
