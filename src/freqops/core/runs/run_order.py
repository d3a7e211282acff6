"""The order of a run, as the control node sends it to a host: its inputs, its source, and who gives it."""

from __future__ import annotations

import base64
import binascii
import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..base.errors import Refused
from ..base.visible import visible
from ..bot import inputs as words
from . import run_id, run_inputs
from .run_inputs import Inputs

VERSION = 1
PARTS = ("strategies", "python", "user_files")
DIGEST = re.compile(r"[^@\s]{1,200}@sha256:[0-9a-f]{64}")
MARK = re.compile(r"[0-9a-f]{16}")
LONGEST_WAIT = 86_400
MOST_FILES = 2000
OF_AGAIN = ("actor", "reason", "wait", "force")


@dataclass(frozen=True)
class Order:
    """The order of a run.

    Attributes:
        inputs: Its inputs.
        actor: Who gives it.
        reason: The reason.
        config: The configuration, where no bot has it.
        files: What it reads, by the path below its input, where no bot has it.
        image: The image, by digest, where no bot has it.
        packages: The mark of the packages that are added to the image; empty for none.
        wait: Seconds to try again where the host has no room for it yet.
        force: Whether it begins beside live bots whatever the load of the host is.
        again: The id of the run that it repeats; empty where it is none.
    """

    inputs: Inputs
    actor: str
    reason: str
    config: dict[str, Any] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    image: str = ""
    packages: str = ""
    wait: int = 0
    force: bool = False
    again: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return the order as `parsed` reads it."""
        return {
            "version": VERSION, "inputs": self.inputs.to_json(), "actor": self.actor, "reason": self.reason,
            "config": self.config, "image": self.image, "packages": self.packages, "wait": self.wait,
            "force": self.force,
            "files": {name: base64.b64encode(content).decode() for name, content in self.files.items()},
        }  # fmt: skip


@dataclass(frozen=True)
class Again:
    """The order to run again what a run of this host was.

    Attributes:
        run: The id of that run.
        actor: Who gives it.
        reason: The reason.
        wait: Seconds to try again where the host has no room for it yet.
        force: Whether it begins beside live bots whatever the load of the host is.
    """

    run: str
    actor: str
    reason: str
    wait: int = 0
    force: bool = False

    def to_json(self) -> dict[str, Any]:
        """Return the order as `parsed` reads it."""
        return {"version": VERSION, "again": self.run, **{name: getattr(self, name) for name in OF_AGAIN}}


def parsed(document: Any) -> Order | Again:
    """Return the order that a document is.

    Raises:
        Refused: It is none; the text says what is wrong with it.
    """
    if not isinstance(document, dict) or document.get("version") != VERSION:
        raise Refused(f"it is no order of a run of version {VERSION}")
    if "again" in document:
        return _again(document)
    inputs, config = document.get("inputs"), document.get("config")
    if not isinstance(inputs, dict) or not isinstance(config, dict):
        raise Refused("the order has no inputs, or no configuration")
    order = Order(
        inputs=run_inputs.parsed(inputs),
        actor=words.line(document.get("actor"), "the actor"),
        reason=words.line(document.get("reason"), "the reason"),
        config=config,
        files=files_of(document.get("files")),
        image=text_of(document, "image", DIGEST),
        packages=text_of(document, "packages", MARK),
        wait=wait(document.get("wait")),
        force=document.get("force") is True,
    )
    if not order.inputs.bot and not order.image:
        raise Refused("the order names neither a bot nor an image by its digest")
    if order.inputs.strategy and not any(name.startswith("strategies/") for name in order.files):
        raise Refused("the order has no files of a strategy")
    return order


def _again(document: Mapping[str, Any]) -> Again:
    odd = sorted(set(document) - {"version", "again", *OF_AGAIN})
    if odd:
        raise Refused(f"an order to run something again has '{visible(odd[0], 60)}', which that run had already")
    return Again(
        run_id.checked(str(document["again"])),
        words.line(document.get("actor"), "the actor"),
        words.line(document.get("reason"), "the reason"),
        wait(document.get("wait")),
        document.get("force") is True,
    )


def wait(value: object) -> int:
    """Return the seconds to try again; 0 where nothing was said.

    Raises:
        Refused: It is no number of seconds.
    """
    if value in (None, ""):
        return 0
    if isinstance(value, bool) or not re.fullmatch(r"[0-9]{1,5}", str(value)) or int(str(value)) > LONGEST_WAIT:
        raise Refused(f"wait is '{visible(str(value), 60)}'; allowed: whole seconds from 0 to {LONGEST_WAIT}")
    return int(str(value))


def text_of(document: Mapping[str, Any], name: str, pattern: re.Pattern[str]) -> str:
    """Return a text of an order; empty where it has none.

    Raises:
        Refused: It is not what it must be.
    """
    value = document.get(name, "")
    if not isinstance(value, str) or (value and not pattern.fullmatch(value)):
        raise Refused(f"the {name} of the order is '{visible(str(value), 60)}'")
    return value


def files_of(found: object) -> dict[str, bytes]:
    """Return the files of an order by their paths, none of which leads out of the input.

    Raises:
        Refused: They are none, too many, or lie elsewhere.
    """
    if not isinstance(found, dict) or len(found) > MOST_FILES:
        raise Refused(f"the order has no files, or more than {MOST_FILES}")
    files = {}
    for name, text in found.items():
        parts = str(name).split("/")
        if posixpath.normpath(str(name)) != name or len(parts) < 2 or parts[0] not in PARTS or ".." in parts:
            raise Refused(f"the order has a file '{visible(str(name), 100)}'; they lie below {', '.join(PARTS)}")
        try:
            files[str(name)] = base64.b64decode(text, validate=True)
        except (binascii.Error, TypeError, ValueError):
            raise Refused(f"the file '{visible(str(name), 100)}' of the order is not base64") from None
    return files
