"""Containers that run, and whether each was made from a digest that its image has."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from ..base.visible import visible
from . import items
from .row import OK, RED, UNKNOWN, Row

DIGEST = re.compile(r"[^\s@]+@sha256:[0-9a-f]{64}")
NAMED, SHOWN = 10, 80


def judged(containers: Sequence[Mapping[str, Any]], images: Mapping[str, Any]) -> Row:
    """Return the verdict on the images of containers.

    Args:
        containers: The engine's descriptions of all that run.
        images: The engine's descriptions of their images, by the id of the image.
    """
    found = [(verdict, text) for each in containers for verdict, text in [_of(each, images)] if text]
    if not found:
        return Row(items.IMAGES, "", OK, f"{len(containers)} containers run, each of an image that its digest names")
    verdict = RED if any(each == RED for each, _ in found) else UNKNOWN
    more = f"; and {len(found) - NAMED} more" if len(found) > NAMED else ""
    return Row(items.IMAGES, "", verdict, "; ".join(text for _, text in found[:NAMED]) + more)


def _of(container: Mapping[str, Any], images: Mapping[str, Any]) -> tuple[str, str]:
    """Return the verdict on one container, and why; no text where nothing is wrong."""
    name = visible(str(container.get("Name", "")).lstrip("/"), SHOWN)
    config, number = container.get("Config"), container.get("Image")
    made = str(config.get("Image", "")) if isinstance(config, Mapping) else ""
    if not DIGEST.fullmatch(made):
        return RED, f"{name} was made from {visible(made, SHOWN) or 'an unnamed image'}, which is no digest"
    image = images.get(str(number))
    known = image.get("RepoDigests") if isinstance(image, Mapping) else None
    if not isinstance(known, list):
        return UNKNOWN, f"the engine does not describe the image of {name}"
    digests = {str(each).rpartition("@")[2] for each in known}
    if made.rpartition("@")[2] not in digests:
        return RED, f"{name} runs an image that does not have the digest by which it was made"
    return OK, ""
