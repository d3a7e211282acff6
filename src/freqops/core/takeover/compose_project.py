"""The docker compose project of a foreign Freqtrade: which of its services trades, and in which container."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any, Callable

from ..base import commands
from ..base.errors import Refused
from ..bot.compose_files import NAMES

SECONDS = 60.0
ONE_OFF = "com.docker.compose.oneoff"
ENDED = ("created", "exited", "dead")

Ask = Callable[["Sequence[str]", str], str]


def ask(words: Sequence[str], text: str = "") -> str:
    """Run a program that only reads, give it ``text``, and return what it printed.

    Raises:
        Refused: It failed, or gave no answer in time; the text ends with its last words, never with its input.
    """
    done = commands.run(words, SECONDS, text)
    if done.returncode != 0:
        raise Refused(f"'{' '.join(words[:3])}': {(done.stderr or done.stdout).strip()[-400:]}")
    return done.stdout


def compose(file: Path, *words: str) -> list[str]:
    """Return a command for the project as its owner starts it: with the override beside its file, whatever profile."""
    override = file.with_name(f"{file.stem}.override{file.suffix}")
    files = [file, override] if file.name in NAMES and override.is_file() else [file]
    return ["docker", "compose", *(f"--file={each}" for each in files), "--profile=*", *words]


def services(file: Path, asked: Ask = ask) -> dict[str, Any]:
    """Return the services of a project as it describes them."""
    return dict(json.loads(asked(compose(file, "config", "--format", "json"), "")).get("services") or {})


def chosen(services: Mapping[str, Any], service: str | None) -> str:
    """Return the service that is to be adopted.

    Raises:
        Refused: It is not there, or it was not said which of several.
    """
    if service is not None:
        if service not in services:
            raise Refused(f"the project has no service {service}; it has {', '.join(sorted(services)) or 'none'}")
        return service
    found = sorted(name for name, described in services.items() if _trades(described))
    if len(found) != 1:
        what = f"several trade: {', '.join(found)}" if found else f"none trades: {', '.join(sorted(services))}"
        raise Refused(f"say which service of the project is the bot with -e service=…; {what}")
    return found[0]


def _trades(described: Mapping[str, Any]) -> bool:
    words = [*_words(described.get("entrypoint")), *_words(described.get("command"))]
    is_freqtrade = "freqtrade" in str(described.get("image", "")) or any(_is_freqtrade(word) for word in words)
    return is_freqtrade and "trade" in words


def _words(value: Any) -> list[str]:
    return value.split() if isinstance(value, str) else [str(word) for word in value or ()]


def _is_freqtrade(word: str) -> bool:
    return PurePosixPath(word).name == "freqtrade"


def container(file: Path, service: str, asked: Ask = ask) -> dict[str, Any]:
    """Return the one container of a service, as the engine describes it; one-off containers that ended are none.

    Raises:
        Refused: There is another number of them, it does not run, or somebody trades beside it.
    """
    ids = asked(compose(file, "ps", "--all", "--quiet", service), "").split()
    found = json.loads(asked(["docker", "inspect", "--type", "container", *ids], "")) if ids else []
    own = [described for described in found if not _is_one_off(described)]
    beside = [described for described in found if _is_one_off(described) and may_trade(described)]
    if beside:
        names = " ".join(map(name_of, beside))
        raise Refused(
            f"{names} of 'docker compose run' may trade, a second bot on the same database; end it first: "
            f"docker stop {names}"
        )
    if len(own) != 1:
        how = "start the bot as you always do, for example with docker compose up -d"
        if own:
            how = f"leave one of {', '.join(map(name_of, own))}: docker compose up -d --scale {service}=1"
        raise Refused(f"{service} of {file} has {len(own)} containers; there must be one: {how}")
    if not own[0]["State"]["Running"]:
        start = f"docker start {name_of(own[0])}"
        raise Refused(f"{service} of {file} does not run; start it, so that it can be read as it is: {start}")
    return dict(own[0])


def _is_one_off(described: Mapping[str, Any]) -> bool:
    return str((described["Config"].get("Labels") or {}).get(ONE_OFF)).lower() == "true"


def may_trade(described: Mapping[str, Any]) -> bool:
    """Return whether a container lives and trades, or runs something that cannot be read."""
    if described["State"].get("Status") in ENDED:
        return False
    words = _command_of(described["Config"])
    begin = next((number for number, word in enumerate(words) if _is_freqtrade(word)), None)
    command = words[begin + 1 : begin + 2] if begin is not None else []
    return not command or command == ["trade"] or command[0].startswith("-")


def name_of(described: Mapping[str, Any]) -> str:
    """Return the name of a container."""
    return str(described["Name"]).lstrip("/")


def _command_of(config: Mapping[str, Any]) -> list[str]:
    return [*_words(config.get("Entrypoint")), *_words(config.get("Cmd"))]


def arguments_of(described: Mapping[str, Any]) -> list[str]:
    """Return the arguments that its container gives Freqtrade.

    Raises:
        Refused: The container does not start Freqtrade in a way that can be understood, or it does not trade.
    """
    words = _command_of(described)
    begin = next((number for number, word in enumerate(words) if _is_freqtrade(word)), None)
    if begin is None or words[begin + 1 : begin + 2] != ["trade"]:
        raise Refused("its container does not run 'freqtrade trade …' itself, so its arguments cannot be read")
    return words[begin + 1 :]


def policy(described: Mapping[str, Any]) -> str:
    """Return a restart policy as ``docker update`` takes it."""
    name, count = str(described.get("Name") or "no"), int(described.get("MaximumRetryCount") or 0)
    return f"{name}:{count}" if name == "on-failure" and count else name


def pids(inspected: Mapping[str, Any], proc: Path) -> tuple[int, ...]:
    """Return the processes of a running container: those in the pid namespace of its first one.

    The engine's own list needs cgroups as it made them, and is empty where it runs in a container itself. Of one that
    shares the host's namespace only the first process is known.

    Args:
        inspected: What the engine says of it.
        proc: What the kernel says of processes.
    """
    first = int(inspected["State"]["Pid"])
    its = _namespace(proc / str(first))
    if its is None or its == _namespace(proc / "self"):
        return (first,)
    return tuple(sorted(int(each.name) for each in proc.iterdir() if each.name.isdigit() and _namespace(each) == its))


def _namespace(process: Path) -> str | None:
    try:
        return str((process / "ns" / "pid").readlink())
    except OSError:  # it ended while we looked
        return None
