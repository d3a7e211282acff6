# SPDX-License-Identifier: GPL-3.0-or-later
"""Write docs/settings.md, the table of all settings and inputs, from the files that declare them.

Run it as `python -m scripts.settings` after a change of `roles/*/meta/argument_specs.yml`, `roles/*/defaults/main.yml`
or `playbooks/*.meta.yml`.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "settings.md"
PREFACE = (
    "# All settings\n\n"
    "Every variable that an inventory may set, role by role, and every input of a playbook. This page is generated "
    "from the specifications by `python -m scripts.settings`; do not edit it. Words: [glossary](glossary.md).\n\n"
    "Variables stand in `group_vars` or `host_vars`; `secrets_exchange`, `secrets_notify` and `backup_environments` in "
    "`secrets.yml` beside them. `name[].key` is a key of each entry of a list. A name that begins like these and is "
    "none of them is refused.\n"
)
INPUTS = (
    "## Inputs of playbooks\n\n"
    "They are given with `-e name=value`. A playbook that is not listed has none; an unknown input is refused.\n"
)
REQUIRED = "**required**"
MARKUP = re.compile(r"\b[CVOIB]\(([^)]*)\)")
ITEM = re.compile(r"^#   (?P<name>[a-z_]+)  +(?P<text>.*)$")
FURTHER = re.compile(r"^#    +(?P<text>.*)$")
DEFAULT = re.compile(r"\(default: ([^()]*)\)")


def load(path: Path) -> Any:
    """Return a YAML file as plain Python."""
    return yaml.safe_load(path.read_text())


def render(root: Path = ROOT) -> str:
    """Return the page for a checkout."""
    lines = [PREFACE]
    for path in sorted((root / "roles").glob("*/meta/argument_specs.yml")):
        lines += _role(path)
    lines += [INPUTS, "| playbook | input | type | default | meaning |", "|---|---|---|---|---|"]
    for path in sorted((root / "playbooks").glob("*.meta.yml")):
        name = path.name.removesuffix(".meta.yml")
        page = f"[{name}](runbooks/{name}.md)"
        options = load(path)["argument_specs"][name]["options"]
        lines += [_row(page, *cells) for cells in _options(options, "", {})]
    return "\n".join(lines) + "\n"


def _role(path: Path) -> Iterator[str]:
    spec = load(path)["argument_specs"]["main"]
    role = path.parents[1]
    yield f"## {role.name}\n\n{_text(spec['short_description'])}.\n"
    yield "| name | type | default | meaning |\n|---|---|---|---|"
    said = keys_of_entries((role / "defaults" / "main.yml").read_text())
    for name, option in spec["options"].items():  # a list of the same entries as another one has its defaults, too
        keys = option.get("options")
        alike = [words for other, words in said.items() if words and spec["options"][other].get("options") == keys]
        if keys and alike and not said.get(name):
            said[name] = alike[0]
    yield from (_row(*cells) for cells in _options(spec["options"], "", said))
    yield ""


def _options(
    options: Mapping[str, Any], above: str, said: Mapping[str, Mapping[str, str]]
) -> Iterator[tuple[str, str, str, str]]:
    """Yield the cells of each option, and below it of each key of its entries.

    Args:
        options: The options of a specification.
        above: What stands in front of their names.
        said: For each list the defaults of the keys of its entries, in words.
    """
    for name, spec in options.items():
        kind = f"list of {spec['elements']}" if spec.get("elements") else str(spec.get("type", "str"))
        words = said.get(above.removesuffix("[]."), {}).get(name, "")
        yield f"`{above}{name}`", f"{kind}{_choices(spec)}", _default(spec, words), _text(spec["description"])
        if "options" in spec:
            yield from _options(spec["options"], f"{above}{name}[].", said)


def _choices(spec: Mapping[str, Any]) -> str:
    return f": {', '.join(f'`{choice}`' for choice in spec['choices'])}" if "choices" in spec else ""


def _default(spec: Mapping[str, Any], words: str) -> str:
    if spec.get("required"):
        return REQUIRED
    if "default" in spec:
        text = yaml.safe_dump(
            spec["default"], default_flow_style=True, sort_keys=False, allow_unicode=True, width=10**6
        )
        return f"`{text.strip().removesuffix('...').strip()}`"
    return words or "none"


def keys_of_entries(defaults: str) -> dict[str, dict[str, str]]:
    """Return for each list of a role the defaults of the keys of its entries, as the comment above it has them."""
    found: dict[str, dict[str, str]] = {}
    texts: dict[str, str] = {}
    name = ""
    for line in defaults.splitlines():
        item, further = ITEM.match(line), FURTHER.match(line)
        if item:
            name = item["name"]
            texts[name] = item["text"]
        elif further and name:
            texts[name] += f" {further['text']}"
        elif not line.startswith("#"):
            variable = line.partition(":")[0]
            matches = {key: DEFAULT.search(text) for key, text in texts.items()}
            found[variable] = {key: match[1].strip() for key, match in matches.items() if match}
            texts, name = {}, ""
        else:
            name = ""
    return found


def _text(description: str | list[str]) -> str:
    text = description if isinstance(description, str) else " ".join(description)
    return MARKUP.sub(r"`\1`", " ".join(text.split()).replace("<", "&lt;")).removesuffix(".")


def _row(*cells: str) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def main() -> int:
    """Write the page."""
    PAGE.write_text(render())
    return 0


if __name__ == "__main__":
    sys.exit(main())
