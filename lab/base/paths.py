"""Where a lab keeps what it writes, seen from the checkout that this file lies in.

A checkout can have several labs side by side. The variable FREQOPS_LAB names the one that is meant: `lab`, as long as
it is not set, else `lab-` and a word. They share the sources, the images and the registry, and nothing else.
"""

import os
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent  # the programs of the environment, Ansible's among them
VARIABLE = "FREQOPS_LAB"
DEFAULT = "lab"
NAME = re.compile(r"lab(-[a-z0-9]+)?")
LAB = os.environ.get(VARIABLE) or DEFAULT
IMAGES = ROOT / "lab" / "images"
FLEET = ROOT / "lab" / "fleet.yml"


def state_dir(lab: str = LAB) -> Path:
    """Return where a lab keeps its state.

    Raises:
        SystemExit: it is no name for a lab.
    """
    if not NAME.fullmatch(lab):
        raise SystemExit(f"{VARIABLE} is {lab!r}; a lab is called {DEFAULT!r}, or {DEFAULT!r}, a dash and a word")
    return ROOT / f".{lab}"


STATE_DIR = state_dir()
STATE = STATE_DIR / "state.json"
LOCKED = ROOT / "lab"
ENGINE_LOG = state_dir(DEFAULT) / "dockerd.log"
INVENTORY = ROOT / "inventories" / LAB
SECRETS = INVENTORY / "secrets.yml"
# Hidden: Ansible reads every other file of an inventory directory as an inventory.
SSH = INVENTORY / ".ssh"
KEY = SSH / "id_ed25519"
HALT_KEY = SSH / "halt_ed25519"
KNOWN_HOSTS = SSH / "known_hosts"
