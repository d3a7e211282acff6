"""The images of the lab, and the source of each."""

import os
import tempfile
import threading
from contextlib import AbstractContextManager
from pathlib import Path

from docker import DockerClient

from lab.base import console
from lab.base.lock import alone_in
from lab.images import image_build, upstream

# The image, unchanged, where its registry answers; one with the same contract, built from packages, where none does.
CONTRACTS = {"bot": "freqtradeorg/freqtrade:2026.9", "postgres": "postgres:17"}
# The suites of Debian that have other major versions of Postgres than the lab's.
SUITES = {15: "bookworm"}

# The longest build shall not share its processor with all the others.
_TWO_AT_A_TIME = threading.Semaphore(2)


def built(client: DockerClient, name: str, base: str) -> str:
    """Return the reference of an image of our own, built when its content is new."""
    reference = image_build.wanted(name, base)
    if image_build.image_id(client, reference) is None:
        with _TWO_AT_A_TIME, _alone(name), console.step(f"image {name}") as note:
            if image_build.image_id(client, reference) is None:
                image_build.build(client, name, base, note)
    return reference


def postgres(client: DockerClient, base: str, major: int) -> str:
    """Return the reference of an image of another major version of Postgres; tests of an upgrade alone want it."""
    name, arguments = "postgres", {"MAJOR": str(major), "SUITE": SUITES[major]}
    reference = image_build.wanted(name, base, arguments)
    with _alone(name), console.step(f"image {name} {major}") as note:
        if image_build.image_id(client, reference) is None:
            image_build.build(client, name, base, note, arguments)
    return reference


def contract(client: DockerClient, name: str, base: str) -> str:
    """Return the reference of an image that keeps upstream's contract: upstream's own if it can be had."""
    original = CONTRACTS[name]
    if image_build.image_id(client, original) is not None:
        return original
    if image_build.image_id(client, image_build.wanted(name, base)) is None and upstream.answers(original):
        with console.step(f"image {original}") as note:
            return upstream.pull(client, original, note)
    return built(client, name, base)


def missing(client: DockerClient) -> bool:
    """Whether one of the large images is not there in any form, so that disk is needed to make it."""
    tags = {tag for image in client.images.list() for tag in image.tags}
    return not all(
        original in tags or any(tag.startswith(f"freqops-lab/{name}:") for tag in tags)
        for name, original in CONTRACTS.items()
    )


def _alone(name: str) -> AbstractContextManager[None]:
    """Let one checkout at a time build an image: the others find it made."""
    directory = Path(tempfile.gettempdir()) / f"freqops-lab-{os.getuid()}" / name
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    return alone_in(directory, f"waiting for another checkout that builds the image {name}")
