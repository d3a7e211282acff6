"""Names and labels: derived from the checkout and the lab, so that no two labs ever share a container."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

from lab.base.paths import DEFAULT, LAB, ROOT

LABEL = "org.freqops.lab"
SPEC_LABEL = "org.freqops.lab.spec"
HOST_LABEL = "org.freqops.lab.host"
IMAGE_PREFIX = "freqops-lab"


def checkout_id(root: Path = ROOT) -> str:
    """Return the short hash that stands for this checkout."""
    return hashlib.sha256(str(root).encode()).hexdigest()[:8]


def lab_id(root: Path = ROOT, lab: str = LAB) -> str:
    """Return what stands for one lab of a checkout: the checkout's hash alone for the lab that has no other name."""
    return checkout_id(root) if lab == DEFAULT else f"{checkout_id(root)}-{lab}"


def name_of(part: str, root: Path = ROOT, lab: str = LAB) -> str:
    """Return the name of one container, volume or network of a lab."""
    return f"freqops-{lab_id(root, lab)}-{part}"


def shared_name_of(part: str, root: Path = ROOT) -> str:
    """Return the name of what all labs of a checkout have in common."""
    return name_of(part, root, DEFAULT)


def labels(root: Path = ROOT, lab: str = LAB) -> dict[str, str]:
    """Return the labels by which `lab down` finds what it has to remove."""
    return {LABEL: lab_id(root, lab)}


def label_filter(root: Path = ROOT, lab: str = LAB) -> dict[str, str | list[str] | bool]:
    """Return the engine filter that matches one lab and no other."""
    return {"label": f"{LABEL}={lab_id(root, lab)}"}


def is_of_checkout(found: Mapping[str, str] | None, root: Path = ROOT) -> bool:
    """Whether labels are those of a part of any of this checkout's labs."""
    lab, _, _ = (found or {}).get(LABEL, "").partition("-")
    return lab == checkout_id(root)
