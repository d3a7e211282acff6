"""The major version of a Postgres: that of a cluster on the disk, and that of an image; one does not read the other's.

A cluster says its own in ``PG_VERSION``. An image says it in ``PG_MAJOR``, and where it does not, by its program.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Callable

from ..base.errors import FreqopsError

DATA = "data"
FILE = "PG_VERSION"
NUMBER = re.compile(r"[1-9][0-9]", re.ASCII)  # 10 to 99: before 10 a major version had two numbers
SAID = re.compile(r"^postgres \(PostgreSQL\) ([1-9][0-9])(?:[.a-z].*)?$", re.MULTILINE | re.ASCII)
PINNED = re.compile(r"[a-z0-9./:_-]+@sha256:[0-9a-f]{64}", re.ASCII)
LINE = re.compile(r"^(    image: \")([^\"\n]*)(\")$", re.MULTILINE)
LONGEST = 16

Run = Callable[["Sequence[str]"], "tuple[int, str]"]


class NoMajor(FreqopsError):
    """The major version is not known."""


def of_directory(data: Path) -> int | None:
    """Return the major version of a cluster, None where the directory has none.

    Raises:
        NoMajor: It has one whose version cannot be read.
    """
    try:
        with (data / FILE).open("rb") as stream:
            text = stream.read(LONGEST).decode("ascii", "replace").strip()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise NoMajor(f"{data / FILE} cannot be read: {error}") from None
    if not NUMBER.fullmatch(text):
        raise NoMajor(f"{data / FILE} has no major version: {text!r}")
    return int(text)


def in_description(said: str) -> int | None:
    """Return the major version in what ``docker image inspect`` tells of one image, None where none is named."""
    try:
        [document] = json.loads(said)
        variables = document["Config"]["Env"] or []
    except (ValueError, KeyError, TypeError):
        return None
    found = [each[len("PG_MAJOR=") :] for each in variables if isinstance(each, str) and each.startswith("PG_MAJOR=")]
    return int(found[-1]) if found and NUMBER.fullmatch(found[-1]) else None


def of_image(image: str, run: Run) -> int:
    """Return the major version of an image that is on this host.

    Args:
        image: The image.
        run: Runs a command, and returns its exit status and what it said.

    Raises:
        NoMajor: The image is not here, or does not say it.
    """
    status, said = run(["docker", "image", "inspect", image])
    if status != 0:
        raise NoMajor(f"the image {image} is not on this host")
    named = in_description(said)
    if named is not None:
        return named
    asked = ["docker", "run", "--rm", "--pull=never", "--network=none", "--read-only", "--cap-drop=ALL",
             "--security-opt=no-new-privileges", "--user=65534:65534", "--entrypoint=postgres"]  # fmt: skip
    status, said = run([*asked, image, "--version"])
    found = SAID.search(said) if status == 0 else None
    if found is None:
        raise NoMajor(f"the image {image} does not say which version of Postgres it has")
    return int(found[1])


def refused(cluster: int | None, image: int | None) -> str:
    """Return why an image must not be brought up over a cluster, with the cure; empty where it may.

    Args:
        cluster: The major version of the cluster; None where there is none.
        image: That of the image; None where it is not known.
    """
    if cluster is None or image is None or cluster == image:
        return ""
    wrong = f"postgres_image is Postgres {image}, and the cluster on its disk is of Postgres {cluster}"
    if image > cluster:
        return f"{wrong}: upgrade_postgres.yml brings all databases into the new one; a deploy does not"
    return f"{wrong}: name an image of Postgres {cluster}; 'upgrade_postgres.yml -e action=undo' takes an upgrade back"


def image_in(compose: str) -> str:
    """Return the image that a Compose file of ours names; empty where it names none, or several."""
    found = LINE.findall(compose)
    return str(found[0][1]) if len(found) == 1 else ""


def with_image(compose: str, image: str) -> str:
    """Return a Compose file of ours with another image, and else as the role renders it.

    Raises:
        NoMajor: The file names no image in the place where ours do, or the image is none that is pinned.
    """
    if not image_in(compose) or not PINNED.fullmatch(image):
        raise NoMajor("the Compose file of Postgres is not one that a deploy wrote: 'deploy.yml' writes it again")
    return LINE.sub(lambda match: f"{match[1]}{image}{match[3]}", compose)
