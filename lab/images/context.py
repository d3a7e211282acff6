"""Build contexts: small, the same bytes every time, and named by their content."""

import hashlib
import io
import os
import tarfile
from pathlib import Path

from lab.base.paths import IMAGES, ROOT

TAG_LENGTH = 12
# Inputs of a person, not of a build.
IGNORED = {"requirements.in"}
CA_BUNDLE = Path("/etc/ssl/certs/ca-certificates.crt")

Files = dict[str, tuple[bytes, int]]


def files_below(directory: Path, prefix: str = "", pattern: str = "*") -> Files:
    """Return content and mode of all files below `directory`, by their path in the context."""
    return {
        prefix + path.relative_to(directory).as_posix(): (
            path.read_bytes(),
            0o755 if os.access(path, os.X_OK) else 0o644,
        )
        for path in sorted(directory.rglob(pattern))
        if path.is_file() and path.name not in IGNORED and "__pycache__" not in path.parts
    }


def files_of(name: str) -> Files:
    """Return everything that image `name` is built from."""
    files = files_below(IMAGES / name)
    if name == "base":
        files |= _certificates()
    if name == "exchange":
        files |= files_below(ROOT / "lab" / "exchange", "lab/exchange/", "*.py")
        files["lab/__init__.py"] = ((ROOT / "lab" / "__init__.py").read_bytes(), 0o644)
    return files


def tarball(files: Files) -> bytes:
    """Pack a context; the same files give the same bytes."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for path, (content, mode) in sorted(files.items()):
            member = tarfile.TarInfo(path)
            member.size, member.mode = len(content), mode
            archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def tag_of(files: Files, base: str) -> str:
    """Return the tag that stands for a context built on the image with id `base`."""
    return hashlib.sha256(base.encode() + b"\0" + tarball(files)).hexdigest()[:TAG_LENGTH]


def _certificates() -> Files:
    """Return the root certificates of this machine, or a note where it has none in a file."""
    bundle = Path(os.environ.get("SSL_CERT_FILE", CA_BUNDLE))
    if bundle.is_file():
        return {"ca/control-machine.crt": (bundle.read_bytes(), 0o644)}
    return {"ca/README": (b"The control machine has no certificate bundle to pass on.\n", 0o644)}
