"""The policy for our containers: the rules for every Compose document, judged before anything is started.

A document is judged as a whole: a key that no rule knows is refused, so that nothing new slips past the rules.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from ..base.errors import Refused
from ..bot import engine_names, layout

HOME = "/srv/freqops/"
DATABASE = engine_names.DATABASE
LOOPBACK = ("127.0.0.1", "::1")
DOCUMENT_KEYS = ("name", "services", "networks")
SERVICE_KEYS = (
    *("cap_drop", "command", "container_name", "cpus", "entrypoint", "environment", "healthcheck", "image", "labels"),
    *("logging", "mem_limit", "networks", "pids_limit", "ports", "read_only", "restart", "security_opt", "shm_size"),
    *("stop_grace_period", "stop_signal", "tmpfs", "user", "volumes"),
)
KEYS_BESIDE = (*SERVICE_KEYS, "cpu_shares", "oom_score_adj")  # a run steps back behind the bots of its host
USER = re.compile(r"^[1-9][0-9]*:[1-9][0-9]*$")
DIGEST = re.compile(r"^[^@\s]+@sha256:[0-9a-f]{64}$")
SIZE = re.compile(r"^[1-9][0-9]*[bkmg]?b?$", re.IGNORECASE)
DURATION = re.compile(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?")
LEAST_GRACE = 30
OURS = re.compile(r"freqops-[a-z0-9_-]+")  # no bot has an underscore, and some kinds of run have one
SENSITIVE = re.compile(r"passw|secret|token|credential|private|api_?key|pwd", re.IGNORECASE)
IN_ADDRESS = re.compile(r"://[^/\s@]*:[^/\s@]+@")
# Names that look like secrets and are marks of one, or say in which file it lies.
MARKS = ("freqops.secrets",)
FILE = "_FILE"

Service = Mapping[str, Any]
Rule = Callable[[Service], Iterator[str]]


def check(document: Mapping[str, Any], bot: str | None, secrets: Iterable[str] = ()) -> None:
    """Refuse a Compose document that breaks a rule.

    Args:
        document: The document, as its YAML says or as ``docker compose config --format json`` does.
        bot: The bot whose project it is, None for the host's shared services.
        secrets: Values that must not stand anywhere in it.

    Raises:
        Refused: It does; the text has every rule that it breaks, and never a secret.
    """
    wrong = violations(document, bot, secrets)
    if wrong:
        raise Refused(f"the containers of {bot or 'the host'} may not be like this: {'; '.join(wrong)}")


def violations(document: Mapping[str, Any], bot: str | None, secrets: Iterable[str] = ()) -> list[str]:
    """Return every rule that a Compose document breaks; see `check`."""
    wrong = [f"{key} is no part of a document of ours" for key in sorted(set(document) - set(DOCUMENT_KEYS))]
    services = document.get("services") or {}
    if not services:
        wrong.append("it has no services")
    for name in sorted(services):
        wrong += [f"{name}: {text}" for rule in RULES for text in rule(services[name])]
    wrong += _networks(document, bot)
    texts = list(_texts(document))
    if any(secret and secret in text for secret in secrets for text in texts):
        wrong.append("it has a secret in it; secrets are files")
    return wrong


def violations_beside(service: Service) -> list[str]:
    """Return every rule that a container beside a bot breaks: one that ends with its program and has no project.

    Args:
        service: The container, as `freqops.core.bot.side_container.SideContainer` describes it.
    """
    wrong = [text for rule in RULES_BESIDE for text in rule(service)]
    return wrong + [f"network {name} is none of ours" for name in service["networks"] if not OURS.fullmatch(name)]


def _keys(service: Service) -> Iterator[str]:
    for key in sorted(set(service) - set(SERVICE_KEYS)):
        yield f"{key} is not allowed"


def _keys_beside(service: Service) -> Iterator[str]:
    for key in sorted(set(service) - set(KEYS_BESIDE)):
        yield f"{key} is not allowed"


def _user(service: Service) -> Iterator[str]:
    if not USER.match(str(service.get("user", ""))):
        yield f"user is {service.get('user')!r}; it must be numbers, and not root's, like 1000:1000"


def _rights(service: Service) -> Iterator[str]:
    if service.get("cap_drop") != ["ALL"]:
        yield "cap_drop must be [ALL]"
    if service.get("security_opt") != ["no-new-privileges:true"]:
        yield "security_opt must be [no-new-privileges:true]"
    if service.get("read_only") is not True:
        yield "read_only must be true"


def _image(service: Service) -> Iterator[str]:
    if not DIGEST.match(str(service.get("image", ""))):
        yield f"image {service.get('image')!r} is not named by digest"


def _limits(service: Service) -> Iterator[str]:
    if not SIZE.match(str(service.get("mem_limit", ""))):
        yield f"mem_limit is {service.get('mem_limit')!r}; it must be a size, like 1g"
    pids = service.get("pids_limit")
    if isinstance(pids, bool) or not isinstance(pids, int) or pids < 1:
        yield f"pids_limit is {pids!r}; it must be a number above 0"


def _logging(service: Service) -> Iterator[str]:
    logging = service.get("logging") or {}
    options = logging.get("options") or {}
    rotated = SIZE.match(str(options.get("max-size", ""))) and str(options.get("max-file", "")).isdigit()
    if logging.get("driver") != "json-file" or not rotated:
        yield "logging must be json-file with max-size and max-file"


def _life(service: Service) -> Iterator[str]:
    if service.get("restart") != "unless-stopped":
        yield f"restart is {service.get('restart')!r}; it must be unless-stopped"
    if _seconds(service.get("stop_grace_period")) < LEAST_GRACE:
        yield f"stop_grace_period is {service.get('stop_grace_period')!r}; it must be at least {LEAST_GRACE}s"
    if not (service.get("healthcheck") or {}).get("test"):
        yield "it has no healthcheck"


def _ports(service: Service) -> Iterator[str]:
    for port in service.get("ports") or ():
        address = port.get("host_ip") if isinstance(port, Mapping) else str(port).rpartition(":")[0].rpartition(":")[0]
        if str(address or "").strip("[]") not in LOOPBACK:
            yield f"port {port} is not published on loopback only, like 127.0.0.1:8081:8080"


def _volumes(service: Service) -> Iterator[str]:
    for volume in service.get("volumes") or ():
        source = volume.get("source") if isinstance(volume, Mapping) else str(volume).split(":")[0]
        kind = volume.get("type", "bind") if isinstance(volume, Mapping) else "bind"
        source = str(source or "")
        if kind != "bind" or not source.startswith(HOME) or posixpath.normpath(source) != source.rstrip("/"):
            yield f"{source or kind} is mounted; only directories below {HOME} may be"


def _no_secrets(service: Service) -> Iterator[str]:
    for part in ("environment", "labels"):
        for key, value in _pairs(service.get(part)):
            named = SENSITIVE.search(key) and key not in MARKS and not key.endswith(FILE)
            if (named and value) or IN_ADDRESS.search(value):
                yield f"{part} has {key}; secrets are files"
    for part in ("command", "entrypoint"):
        words = service.get(part) or []
        for word in words.split() if isinstance(words, str) else map(str, words):
            if IN_ADDRESS.search(word) or (SENSITIVE.search(word) and "/" not in word):
                yield f"{part} has a word that looks like a secret; secrets are files"


RULES_BESIDE: tuple[Rule, ...] = (_keys_beside, _user, _rights, _image, _limits, _ports, _volumes, _no_secrets)
RULES: tuple[Rule, ...] = (*(_keys, _user, _rights, _image, _limits, _logging, _life, _ports, _volumes, _no_secrets),)


def _networks(document: Mapping[str, Any], bot: str | None) -> Iterator[str]:
    own = layout.container_of(bot) if bot else DATABASE
    networks = document.get("networks") or {}
    names = {key: str((value or {}).get("name", "")) for key, value in networks.items()}
    for key in sorted(names):
        if names[key] not in (own, DATABASE):
            yield f"network {names[key] or key}: only {own} and {DATABASE} are allowed"
    mine = [networks[key] or {} for key in networks if names[key] == own]
    if len(mine) != 1 or mine[0].get("external"):
        yield f"it has no network {own} of its own"
    if bot is None and not all(network.get("internal") is True for network in mine):
        yield f"network {own} must be internal"
    if bot is not None and any(names[key] == DATABASE and not networks[key].get("external") for key in networks):
        yield f"network {DATABASE} is the host's, it must be external here"
    for name, service in sorted((document.get("services") or {}).items()):
        joined = list(service.get("networks") or [])
        if not joined or not set(joined) <= set(networks):
            yield f"{name}: it must join networks of this document, and no default one"
        if bot is None and service.get("ports"):
            yield f"{name}: the host's shared services publish no port"


def _pairs(given: object) -> Iterator[tuple[str, str]]:
    if isinstance(given, Mapping):
        yield from ((str(key), "" if value is None else str(value)) for key, value in given.items())
    elif isinstance(given, (list, tuple)):
        yield from (str(entry).partition("=")[::2] for entry in given)


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield str(key)
            yield from _texts(inner)
    elif isinstance(value, (list, tuple)):
        for inner in value:
            yield from _texts(inner)
    else:
        yield str(value)


def _seconds(given: object) -> int:
    match = DURATION.fullmatch(str(given or ""))
    if match is None:
        return 0
    hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return hours * 3600 + minutes * 60 + seconds
