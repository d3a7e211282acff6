"""`make pin`: write the hashes and digests of what is fetched, never by hand.

Packages for the bot's image are locked with their hashes from the package index. Images are pinned by the digest that
their registry states; where no registry answers they are left as they are, and that is said.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PACKAGES_IN = ROOT / "roles/freqtrade/files/packages.in"
PACKAGES = ROOT / "roles/freqtrade/files/packages.txt"
PYTHON_OF_THE_IMAGE = "3.13"
IMAGES = {"freqtrade_image": "freqtradeorg/freqtrade:2026.9", "postgres_image": "postgres:17"}
PINS = ROOT / "inventories/example/group_vars/all.yml"
SECONDS = 60


def main() -> int:
    """Pin packages, then images, and say what was pinned and what was not."""
    lock_packages()
    digests = {name: digest(image) for name, image in IMAGES.items()}
    missing = [IMAGES[name] for name, found in digests.items() if found is None]
    if missing:
        say(f"not pinned: {', '.join(missing)}: no registry answers; {PINS.relative_to(ROOT)} is as it was")
        return 1
    text = PINS.read_text()
    for name, found in digests.items():
        text = re.sub(rf"^{name}: .*$", f"{name}: {found}", text, flags=re.MULTILINE)
    PINS.write_text(text)
    say("pinned: " + ", ".join(str(found) for found in digests.values()))
    return 0


def say(text: str) -> None:
    """Print a line."""
    sys.stdout.write(text + "\n")


def lock_packages() -> None:
    """Resolve packages.in and write packages.txt with all hashes."""
    command = [str(Path(sys.executable).parent / "uv"), "pip", "compile", "--quiet", "--upgrade", "--generate-hashes"]
    command += ["--python-version", PYTHON_OF_THE_IMAGE, "--no-annotate", "--no-header"]
    command += [str(PACKAGES_IN), "--output-file", str(PACKAGES)]
    try:
        subprocess.run(command, check=True, timeout=SECONDS * 5)
    except (OSError, subprocess.SubprocessError) as error:
        sys.exit(f"not pinned: {PACKAGES.relative_to(ROOT)}: {error}")
    say(f"pinned: {PACKAGES.relative_to(ROOT)}")


def digest(image: str) -> str | None:
    """Return the image by the digest that its registry states, or None where none answers."""
    command = ["docker", "buildx", "imagetools", "inspect", image, "--format", "{{json .Manifest}}"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=True)
        return f"{image.partition(':')[0]}@{json.loads(done.stdout)['digest']}"
    except (OSError, subprocess.SubprocessError, ValueError, KeyError):
        return None


if __name__ == "__main__":
    sys.exit(main())
