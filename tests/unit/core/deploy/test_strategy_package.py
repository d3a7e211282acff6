"""What strategies, and the log of Freqtrade, import of freqops: whole, and alone."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import yaml

from freqops.core.deploy import release, strategy_package, tree

ROOT = Path(__file__).parents[4]
SOURCE = ROOT / "src" / "freqops"


def test_it_is_all_that_a_strategy_needs(tmp_path: Path) -> None:
    """Without anything installed, and with nothing of freqops but what a release has."""
    files = strategy_package.files(SOURCE)
    tree.write(tmp_path, files, list(files))
    code = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r}); from freqops.strategy import EntryGate; "
        "from freqops.core.logs.freqtrade_formatter import JsonLines; "
        "print(*sorted(name for name in sys.modules if name.partition('.')[0] == 'freqops'))"
    )
    ran = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, check=False, timeout=30
    )
    assert ran.returncode == 0, ran.stderr
    modules = {name.removesuffix("/__init__.py").removesuffix(".py").replace("/", ".") for name in files}
    assert set(ran.stdout.split()) == modules, "and no file that it does not need"


def test_a_changed_gate_is_another_package(tmp_path: Path) -> None:
    files = strategy_package.files(SOURCE)
    assert "freqops/strategy/entry_gate.py" in files
    tree.write(tmp_path, files, list(files), 0o644)
    (tmp_path / "freqops/strategy/entry_gate.py").write_text("# another\n")
    (tmp_path / "freqops/strategy/more.py").write_text("# more\n")
    changed = strategy_package.files(tmp_path / "freqops")
    assert {name for name in changed if changed[name] != files.get(name)} == {
        "freqops/strategy/entry_gate.py",
        "freqops/strategy/more.py",
    }


def test_the_container_of_a_bot_looks_for_it_where_it_is_validated() -> None:
    template = (ROOT / "templates" / "bot" / "compose.yml.j2").read_text()
    lines = [line.strip() for line in template.splitlines()]
    assert f"PYTHONPATH: {release.PYTHONPATH}" in lines
    assert yaml.safe_load(f"volume: {lines[lines.index('volumes:') + 2].removeprefix('- ')}")["volume"].endswith(
        f"/release/{release.PLACEHOLDER}:/freqops/release:ro"
    )
    assert release.PYTHONPATH.startswith(f"/freqops/release/{release.PACKAGE}:")
