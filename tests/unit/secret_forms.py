"""Forms in which a secret may stand in a text."""

from __future__ import annotations

import json
from collections.abc import Callable
from urllib.parse import quote, quote_plus

FORMS: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "quoted": lambda text: json.dumps({"it": text}),
    "quoted twice": lambda text: json.dumps(json.dumps({"it": text})),
    "in its own letters": lambda text: json.dumps(text, ensure_ascii=False),
    "escaped": repr,
    "for a URL": quote,
    "for a URL, all of it": lambda text: quote(text, safe=""),
    "for a form": quote_plus,
}
