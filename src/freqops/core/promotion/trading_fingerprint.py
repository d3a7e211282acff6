"""The trading fingerprint of a release: one digest of all that decides a bot's trades.

Image, added packages, the files of the strategy and of its parameters, the files that it reads, and the configuration
that Freqtrade built have a part in it. API, messengers, logging, memory, stake and freqops' own code have none, so a
paper bot and its live successor have the same one. All of it is read from the directory of the release as it is on
disk; whatever cannot be read there has no trading fingerprint.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..base import plain_file, strict_json
from ..base.errors import FreqopsError
from ..base.visible import visible
from ..bot import user_files
from ..deploy import policy, release
from . import release_files
from .built_configuration import BuiltConfiguration, canonical, said_in

VERSION = 1
IMAGE, PACKAGES, STRATEGIES, PARAMETERS = "image", "packages", "strategies", "parameters"
USER_FILES, CONFIGURATION = "user_files", "configuration"
PARTS = (IMAGE, PACKAGES, STRATEGIES, PARAMETERS, USER_FILES, CONFIGURATION)
OF_PARAMETERS = ".json"  # beside a strategy; everything else there is code, or read by it
LONGEST = 2**20  # bytes of a declaration, or of a mark
LONGEST_CONFIG = 2**23
BY = "by Freqtrade of "  # the first line of a mark, and the image
LONGEST_SHOWN = 200
ABSENT = object()


class FingerprintUnknown(FreqopsError):
    """A release has no trading fingerprint; the text says why."""


@dataclass(frozen=True)
class TradingFingerprint:
    """What decides a bot's trades, in short.

    Attributes:
        fingerprint: 64 hexadecimal digits over all parts.
        parts: The digest of each of `PARTS`.
    """

    fingerprint: str
    parts: Mapping[str, str]


@dataclass(frozen=True)
class _Contents:
    """What decides the trades of a release."""

    texts: Mapping[str, str]  # image and mark of the packages
    files: Mapping[str, Mapping[str, str]]  # for each part of files, the digest of each
    built: BuiltConfiguration

    def digests(self) -> dict[str, str]:
        said = {part: _sha256(text) for part, text in self.texts.items()}
        listed = {part: _sha256(canonical(dict(files))) for part, files in self.files.items()}
        return {**said, **listed, CONFIGURATION: self.built.digest}


def of_release(place: Path) -> TradingFingerprint:
    """Return the trading fingerprint of a release.

    Args:
        place: The directory of the release.

    Raises:
        FingerprintUnknown: Something in it cannot be read, is no plain file, or the built configuration is not there.
    """
    parts = _read(place).digests()
    return TradingFingerprint(_sha256(canonical({"version": VERSION, "parts": parts})), parts)


def built(place: Path) -> BuiltConfiguration:
    """Return the configuration that Freqtrade built of a release.

    Raises:
        FingerprintUnknown: Its mark does not have it, or it was built of another file or by another image.
    """
    return _built(place, _declared(place)[IMAGE])


def changes(former: Path, wanted: Path) -> list[str]:
    """Return what differs in what decides trades, a line each; values of the configuration with the old and the new.

    Args:
        former: Directory of the release that was.
        wanted: Directory of the release that is to be.

    Raises:
        FingerprintUnknown: As `of_release` says.
    """
    before, after = _read(former), _read(wanted)
    lines = [
        f"{part}: {_text(before.texts[part])} becomes {_text(new)}"
        for part, new in after.texts.items()
        if before.texts[part] != new
    ]
    for part, files in after.files.items():
        lines += [f"{part}: {line}" for line in _of_files(before.files[part], files)]
    return lines + [f"{CONFIGURATION}: {line}" for line in _of_values(before.built, after.built)]


def _read(place: Path) -> _Contents:
    declared = _declared(place)
    try:
        beside = release_files.digests(place / release.STRATEGIES)
        given = release_files.digests(place / user_files.DIRECTORY)
    except release_files.FilesUnusable as error:
        raise FingerprintUnknown(f"{_named(place)}: {error}") from None
    code = {name: digest for name, digest in beside.items() if not name.endswith(OF_PARAMETERS)}
    if not code:
        raise FingerprintUnknown(f"{_named(place)}: it has no files of a strategy")
    parameters = {name: digest for name, digest in beside.items() if name not in code}
    files = {STRATEGIES: code, PARAMETERS: parameters, USER_FILES: given}
    return _Contents(declared, files, _built(place, declared[IMAGE]))


def _declared(place: Path) -> dict[str, str]:
    """Return image and mark of the packages of a release."""
    try:
        document = strict_json.load(place / release.DECLARATION, LONGEST)
    except strict_json.Unreadable as error:
        raise FingerprintUnknown(f"{_named(place)}: {release.DECLARATION}: {error}") from None
    found = document if isinstance(document, dict) else {}
    image, packages = found.get(IMAGE), found.get(PACKAGES, "")
    if not isinstance(image, str) or not policy.DIGEST.fullmatch(image) or not isinstance(packages, str):
        raise FingerprintUnknown(f"{_named(place)}: {release.DECLARATION} names no image by digest, or no packages")
    return {IMAGE: image, PACKAGES: packages}


def _built(place: Path, image: str) -> BuiltConfiguration:
    mark = _bytes(place, release.VALIDATED, LONGEST).decode(errors="replace")
    if mark.partition("\n")[0] != f"{BY}{image}":
        raise FingerprintUnknown(f"{_named(place)}: it was not validated by its image {visible(image, LONGEST_SHOWN)}")
    found = said_in(mark)
    if found is None:
        raise FingerprintUnknown(
            f"{_named(place)}: its mark does not have the configuration that Freqtrade built; the next deploy of it "
            "validates it again"
        )
    if hashlib.sha256(_bytes(place, release.CONFIG, LONGEST_CONFIG)).hexdigest() != found.source:
        raise FingerprintUnknown(f"{_named(place)}: its {release.CONFIG} is another one than was validated")
    return found


def _bytes(place: Path, name: str, longest: int) -> bytes:
    try:
        return plain_file.read(place / name, longest)
    except FileNotFoundError:
        raise FingerprintUnknown(f"{_named(place)}: it has no {name}") from None
    except plain_file.NotRead as error:
        raise FingerprintUnknown(f"{_named(place)}: {name}: {error}") from None


def _of_files(before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    known = ((visible(name, LONGEST_SHOWN), before.get(name), after.get(name)) for name in sorted({**before, **after}))
    return [
        f"{name} {'is new' if old is None else 'is gone' if new is None else 'is another one'}"
        for name, old, new in known
        if old != new
    ]


def _of_values(before: BuiltConfiguration, after: BuiltConfiguration) -> list[str]:
    if before.digest == after.digest:
        return []
    if before.values is None or after.values is None:
        return ["it is another one, and too long for its values to be kept"]
    old, new = _leaves(before.values), _leaves(after.values)
    return [
        f"{visible('.'.join(path), LONGEST_SHOWN)}: {_shown(path, old)} becomes {_shown(path, new)}"
        for path in sorted({**old, **new})
        if path not in old or path not in new or canonical(old[path]) != canonical(new[path])
    ]


def _leaves(value: Any, path: tuple[str, ...] = ()) -> dict[tuple[str, ...], Any]:
    """Return every value that is no object, or an empty one, by the keys that lead to it."""
    if not isinstance(value, Mapping) or (path and not value):
        return {path: value}
    return {place: inner for key in value for place, inner in _leaves(value[key], (*path, str(key))).items()}


def _shown(path: tuple[str, ...], values: Mapping[tuple[str, ...], Any]) -> str:
    value = values.get(path, ABSENT)
    if value is ABSENT:
        return "nothing"
    hidden = release.SECRET_NAME.search(path[-1]) is not None
    return release.HIDDEN if hidden else visible(json.dumps(release.without_secrets(value)), LONGEST_SHOWN)


def _text(text: str) -> str:
    return visible(text or "none", LONGEST_SHOWN)


def _named(place: Path) -> str:
    return f"release {visible(place.name, LONGEST_SHOWN)}"


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()
