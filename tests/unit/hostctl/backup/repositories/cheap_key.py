"""The key of a test repository, made cheap to open: restic else takes half a second of processor for each call."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.poly1305 import Poly1305

NONCE, MAC = 16, 16
CHEAP = {"N": 2, "r": 8, "p": 1}


def make_cheap(place: Path, password: bytes) -> None:
    """Replace the key of a repository by the same one under a password that is cheap to derive."""
    [path] = (place / "keys").iterdir()
    document = json.loads(path.read_text())
    plain = _opened(base64.b64decode(document["data"]), _derived(document, password))
    document.update(CHEAP)
    document["data"] = base64.b64encode(_sealed(plain, _derived(document, password))).decode()
    data = json.dumps(document).encode()
    (place / "keys" / hashlib.sha256(data).hexdigest()).write_bytes(data)
    path.unlink()


def _derived(document: dict[str, object], password: bytes) -> bytes:
    n, r, p = (int(str(document[name])) for name in ("N", "r", "p"))
    salt = base64.b64decode(str(document["salt"]))
    return hashlib.scrypt(password, salt=salt, n=n, r=r, p=p, maxmem=2**30, dklen=64)


def _opened(data: bytes, key: bytes) -> bytes:
    nonce, sealed, mac = data[:NONCE], data[NONCE:-MAC], data[-MAC:]
    assert _mac(sealed, nonce, key) == mac
    return _counted(sealed, nonce, key)


def _sealed(plain: bytes, key: bytes) -> bytes:
    nonce = bytes(range(NONCE))
    sealed = _counted(plain, nonce, key)
    return nonce + sealed + _mac(sealed, nonce, key)


def _counted(data: bytes, nonce: bytes, key: bytes) -> bytes:
    return Cipher(algorithms.AES(key[:32]), modes.CTR(nonce)).encryptor().update(data)


def _mac(data: bytes, nonce: bytes, key: bytes) -> bytes:
    scrambled = Cipher(algorithms.AES(key[32:48]), modes.ECB()).encryptor().update(nonce)  # noqa: S305  one block, as Poly1305-AES has it
    return Poly1305.generate_tag(key[48:64] + scrambled, data)
