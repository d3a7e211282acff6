"""Where the lab keeps what it writes, seen from the checkout that this file lies in."""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
IMAGES = ROOT / "lab" / "images"
FLEET = ROOT / "lab" / "fleet.yml"
STATE_DIR = ROOT / ".lab"
STATE = STATE_DIR / "state.json"
LOCKED = ROOT / "lab"
ENGINE_LOG = STATE_DIR / "dockerd.log"
INVENTORY = ROOT / "inventories" / "lab"
SECRETS = INVENTORY / "secrets.yml"
# Hidden: Ansible reads every other file of an inventory directory as an inventory.
SSH = INVENTORY / ".ssh"
KEY = SSH / "id_ed25519"
KNOWN_HOSTS = SSH / "known_hosts"
