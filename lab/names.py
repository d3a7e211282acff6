"""Names and labels: derived from the checkout, so that two clones never share a container."""

import hashlib
from pathlib import Path

from lab.paths import ROOT

LABEL = "org.freqops.lab"
SPEC_LABEL = "org.freqops.lab.spec"
HOST_LABEL = "org.freqops.lab.host"
IMAGE_PREFIX = "freqops-lab"


def checkout_id(root: Path = ROOT) -> str:
    """Return the short hash that stands for this checkout."""
    return hashlib.sha256(str(root).encode()).hexdigest()[:8]


def name_of(part: str, root: Path = ROOT) -> str:
    """Return the name of one container, volume or network of this checkout's lab."""
    return f"freqops-{checkout_id(root)}-{part}"


def labels(root: Path = ROOT) -> dict[str, str]:
    """Return the labels by which `lab down` finds what it has to remove."""
    return {LABEL: checkout_id(root)}


def label_filter(root: Path = ROOT) -> dict[str, str | list[str] | bool]:
    """Return the engine filter that matches this checkout's lab and no other."""
    return {"label": f"{LABEL}={checkout_id(root)}"}
