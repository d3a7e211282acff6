"""The trading fingerprint: every byte that decides trades changes it, and nothing else does."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from freqops.core.base import remarks
from freqops.core.promotion import release_files, trading_fingerprint
from freqops.core.promotion.trading_fingerprint import PARTS, FingerprintUnknown
from tests.unit.core.promotion.released import IMAGE, declare, made, marked


@pytest.fixture
def former(tmp_path: Path) -> Path:
    return made(tmp_path / "former")


@pytest.fixture
def wanted(tmp_path: Path) -> Path:
    return made(tmp_path / "wanted")


def another_image(place: Path) -> None:
    image = IMAGE.replace("0" * 64, "1" * 64)
    declare(place, image=image)
    marked(place, image)


CHANGED: dict[str, tuple[str, Callable[[Path], object], list[str]]] = {
    "strategy": (
        "strategies",
        lambda place: (place / "strategies/Mine.py").write_text("class Mine: pass \n"),
        ["strategies: Mine.py is another one"],
    ),
    "module": (
        "strategies",
        lambda place: (place / "strategies/helpers/levels.py").write_text("LEVEL = 2\n"),
        ["strategies: helpers/levels.py is another one"],
    ),
    "new-file": (
        "strategies",
        lambda place: (place / "strategies/New.py").write_text(""),
        ["strategies: New.py is new"],
    ),
    "renamed": (
        "strategies",
        lambda place: (place / "strategies/Mine.py").rename(place / "strategies/Yours.py"),
        ["strategies: Mine.py is gone", "strategies: Yours.py is new"],
    ),
    "bytecode": (
        "strategies",
        lambda place: (place / "strategies/helpers/levels.pyc").write_bytes(b"\0"),
        ["strategies: helpers/levels.pyc is new"],
    ),
    "parameters": (
        "parameters",
        lambda place: (place / "strategies/Mine.json").write_text('{"params": {"buy": 1}}'),
        ["parameters: Mine.json is another one"],
    ),
    "no-parameters": (
        "parameters",
        lambda place: (place / "strategies/Mine.json").unlink(),
        ["parameters: Mine.json is gone"],
    ),
    "user-file": (
        "user_files",
        lambda place: (place / "user_files/levels.csv").write_text("1,3\n"),
        ["user_files: levels.csv is another one"],
    ),
    "no-user-files": (
        "user_files",
        lambda place: shutil.rmtree(place / "user_files"),
        ["user_files: levels.csv is gone"],
    ),
    "packages": ("packages", lambda place: declare(place, packages="p1"), ["packages: p0 becomes p1"]),
    "image": ("image", another_image, [f"image: {IMAGE} becomes {IMAGE.replace('0' * 64, '1' * 64)}"]),
    "configuration": (
        "configuration",
        lambda place: marked(place, timeframe="1m", pairs=["ETH/USDT"], new={"inner": True}),
        [
            "configuration: new.inner: nothing becomes true",
            'configuration: pairs: ["BTC/USDT"] becomes ["ETH/USDT"]',
            'configuration: timeframe: "5m" becomes "1m"',
        ],
    ),
    "kind": (
        "configuration",
        lambda place: marked(place, timeframe=["5m"]),
        ['configuration: timeframe: "5m" becomes ["5m"]'],
    ),
    "secret": (
        "configuration",
        lambda place: marked(place, exchange={"name": "binance", "ws_token": "t1"}),
        ["configuration: exchange.ws_token: [not shown] becomes [not shown]"],
    ),
    "evil": (
        "configuration",
        lambda place: marked(place, timeframe="\x1b[2J\n"),
        ['configuration: timeframe: "5m" becomes "\\u001b[2J\\n"'],
    ),
}


def live(place: Path) -> None:
    """Turn a release into that of a live bot with the same settings."""
    declare(place, mode="live", api_port=9999)
    (place / "config.json").write_text(json.dumps({"dry_run": False, "stake_amount": 5, "telegram": {"enabled": True}}))
    marked(place, stake=5)


SAME: dict[str, Callable[[Path], object]] = {
    "live": live,
    "port": lambda place: declare(place, api_port=9999, limits={"version": 1}, release="0" * 16),
    "memory": lambda place: (place / "compose.yml").write_text("mem_limit: 2g\n"),
    "freqops": lambda place: (place / "python/freqops/strategy/entry_gate.py").write_text("GATE = 2\n"),
    "validator": lambda place: (place / "validate_release.py").write_text(""),
    "stake": lambda place: marked(place, stake="unlimited"),
    "empty-directory": lambda place: (place / "strategies/nothing").mkdir(),
}


@pytest.mark.parametrize("what", CHANGED)
def test_what_decides_trades_changes_it_and_is_named(former: Path, wanted: Path, what: str) -> None:
    part, change, lines = CHANGED[what]
    before = trading_fingerprint.of_release(wanted)
    change(wanted)
    after = trading_fingerprint.of_release(wanted)
    assert before.fingerprint != after.fingerprint
    assert [name for name in PARTS if before.parts[name] != after.parts[name]] == [part]
    assert trading_fingerprint.changes(former, wanted) == lines


@pytest.mark.parametrize("what", SAME)
def test_what_decides_none_does_not(former: Path, wanted: Path, what: str) -> None:
    before = trading_fingerprint.of_release(wanted)
    SAME[what](wanted)
    assert trading_fingerprint.of_release(wanted) == before
    assert trading_fingerprint.changes(former, wanted) == []


def test_it_has_64_digits_and_every_part(former: Path) -> None:
    found = trading_fingerprint.of_release(former)
    assert tuple(sorted(found.parts)) == tuple(sorted(PARTS))
    for digest in (found.fingerprint, *found.parts.values()):
        assert len(digest) == 64
        assert set(digest) <= set("0123456789abcdef")


def test_what_stands_in_two_files_is_not_what_stands_in_one(former: Path, wanted: Path) -> None:
    """Names and contents cannot flow into each other."""
    (former / "strategies/a.py").write_text("bc")
    (wanted / "strategies/ab.py").write_text("c")
    parts = [trading_fingerprint.of_release(place).parts["strategies"] for place in (former, wanted)]
    assert parts[0] != parts[1]


def test_two_changes_that_would_take_each_other_back_do_not(former: Path, wanted: Path) -> None:
    """A file that goes from the strategies to the user files is no other name for the same."""
    (wanted / "strategies/levels.csv").write_bytes((wanted / "user_files/levels.csv").read_bytes())
    (wanted / "user_files/levels.csv").unlink()
    assert trading_fingerprint.of_release(former) != trading_fingerprint.of_release(wanted)


def of_old(place: Path) -> None:
    (place / "validated").write_text(f"by Freqtrade of {IMAGE}\n")


def twice(place: Path) -> None:
    mark = (place / "validated").read_text()
    (place / "validated").write_text(f"{mark}\n{remarks.MARK}{json.dumps({'kind': 'trading', 'configuration': {}})}")


def linked(name: str) -> Callable[[Path], object]:
    def change(place: Path) -> None:
        (place / name).rename(place / "elsewhere")
        (place / name).symlink_to(place / "elsewhere")

    return change


def fifo(place: Path) -> None:
    os.mkfifo(place / "strategies" / "pipe.py")


UNUSABLE: dict[str, tuple[Callable[[Path], object], str]] = {
    "of-old": (of_old, "its mark does not have the configuration that Freqtrade built"),
    "twice": (twice, "its mark does not have the configuration"),
    "no-mark": (lambda place: (place / "validated").unlink(), "it has no validated"),
    "no-declaration": (lambda place: (place / "bot.json").unlink(), "bot.json: it is missing"),
    "no-image": (lambda place: declare(place, image="freqtrade:latest"), "names no image by digest"),
    "broken": (lambda place: (place / "bot.json").write_text("{"), "bot.json: it is not JSON"),
    "packages": (lambda place: declare(place, packages=["p0"]), "names no image by digest, or no packages"),
    "other-image": (
        lambda place: declare(place, image=IMAGE.replace("0" * 64, "1" * 64)),
        "not validated by its image",
    ),
    "other-config": (lambda place: (place / "config.json").write_text("{}"), "its config.json is another one"),
    "no-config": (lambda place: (place / "config.json").unlink(), "it has no config.json"),
    "no-strategy": (lambda place: shutil.rmtree(place / "strategies"), "it has no files of a strategy"),
    "link": (linked("strategies/Mine.py"), "strategies/Mine.py: it is a link, not a plain file"),
    "linked-directory": (linked("strategies/helpers"), "strategies/helpers: it is a link"),
    "linked-strategies": (linked("strategies"), "strategies is a link, not a directory"),
    "linked-user-files": (linked("user_files"), "user_files is a link, not a directory"),
    "linked-mark": (linked("validated"), "validated: it is a link"),
    "linked-config": (linked("config.json"), "config.json: it is a link"),
    "dangling": (lambda place: (place / "strategies/x.py").symlink_to("nowhere"), "strategies/x.py: it is a link"),
    "fifo": (fifo, "strategies/pipe.py: it is a FIFO"),
}


@pytest.mark.parametrize("what", UNUSABLE)
def test_what_cannot_be_read_has_none(former: Path, wanted: Path, what: str) -> None:
    change, said = UNUSABLE[what]
    change(wanted)
    with pytest.raises(FingerprintUnknown) as error:
        trading_fingerprint.of_release(wanted)
    assert said in str(error.value)
    for places in ((former, wanted), (wanted, former)):
        with pytest.raises(FingerprintUnknown):
            trading_fingerprint.changes(*places)


def test_a_directory_without_end_is_refused(wanted: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(release_files, "MOST", 2)
    with pytest.raises(FingerprintUnknown, match="strategies has more than 2 files"):
        trading_fingerprint.of_release(wanted)
    monkeypatch.setattr(release_files, "MOST", 3)
    assert trading_fingerprint.of_release(wanted)


def test_a_file_that_is_too_large_is_refused(wanted: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(release_files, "LARGEST", 10)
    with pytest.raises(FingerprintUnknown, match="more than 10"):
        trading_fingerprint.of_release(wanted)


def digest_only(place: Path, digest: str) -> None:
    lines = (place / "validated").read_text().splitlines()
    remark = f"{remarks.MARK}{json.dumps({'kind': 'trading', 'digest': digest})}"
    (place / "validated").write_text("\n".join(remark if '"trading"' in line else line for line in lines))


def test_of_a_configuration_that_was_too_long_it_is_said_that_it_differs(former: Path, wanted: Path) -> None:
    digest_only(wanted, "a" * 64)
    assert trading_fingerprint.of_release(wanted).parts["configuration"] == "a" * 64
    assert trading_fingerprint.changes(former, wanted) == [
        "configuration: it is another one, and too long for its values to be kept"
    ]
    digest_only(wanted, "a" * 63)
    with pytest.raises(FingerprintUnknown):
        trading_fingerprint.of_release(wanted)


MARKS = (
    "no JSON",
    "[]",
    '{"kind": "trading"}',
    '{"kind": "trading", "configuration": []}',
    '{"kind": "trading", "configuration": {"a": NaN}}',
    '{"kind": "trading", "digest": 5}',
)


@pytest.mark.parametrize("mark", MARKS)
def test_a_mark_that_cannot_be_read_has_none(wanted: Path, mark: str) -> None:
    lines = (wanted / "validated").read_text().splitlines()
    (wanted / "validated").write_text(
        "\n".join(f"{remarks.MARK}{mark}" if '"trading"' in line else line for line in lines)
    )
    with pytest.raises(FingerprintUnknown, match="does not have the configuration"):
        trading_fingerprint.of_release(wanted)


def test_the_stake_is_read_beside_it(wanted: Path) -> None:
    assert trading_fingerprint.built(wanted).stake.values == {"stake_amount": 100}
