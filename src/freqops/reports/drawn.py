"""A page with plots: the figures in it, the scripts that draw them, and the policy that lets no other script run.

plotly is one file beside the page, which all pages of a directory share, or stands in the page itself. A browser runs
only a script that has the nonce of the page. The nonce is the hash of all that stands in the page, so that no text in
it can have it, and equal pages are equal bytes. Nothing is loaded from elsewhere.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from functools import cache

from plotly.offline import get_plotlyjs

from freqops.core.base.markup import Markup, element, joined
from freqops.core.base.page_frame import document
from freqops.core.base.page_parts import on_lines

from .figures import Figure
from .style import STYLE

LIBRARY = "plotly.min.js"
MISSING = f"This plot is not drawn: {LIBRARY} is not beside the page. The tables have its figures."
# What would end a script, or begin a comment in one, as JSON writes it too.
ESCAPED = {ord(char): f"\\u{ord(char):04x}" for char in "<>&"}
DRAW = Markup("""
for (const place of document.querySelectorAll(".plot")) {
  const figure = JSON.parse(place.querySelector("script").textContent);
  if (typeof Plotly === "undefined") {
    place.textContent = place.dataset.missing;
    continue;
  }
  if (matchMedia("(pointer: coarse)").matches) {
    figure.layout.dragmode = false;
  }
  Plotly.newPlot(place, figure.data, figure.layout, {responsive: true, displayModeBar: false});
}
""")


def plot(key: str, figure: Figure, label: str) -> Markup:
    """Return the place of a figure, with the figure in it.

    Args:
        key: Its name in the page.
        figure: The figure.
        label: What is on it, in words, for those who do not see it.
    """
    data = Markup(json.dumps(figure, allow_nan=False, separators=(",", ":")).translate(ESCAPED))
    inside = element("script", data, type="application/json")
    return element(
        "figure",
        element("figcaption", label),
        element("div", inside, class_="plot", id=f"plot-{key}", role="img", aria_label=label, data_missing=MISSING),
    )


def page(title: str, body: Sequence[Markup], *, self_contained: bool = False) -> str:
    """Return a page as HTML.

    Args:
        title: Its title.
        body: What stands in it.
        self_contained: Whether plotly stands in it, too, as in a page that is mailed.
    """
    nonce = hashlib.sha256(joined([title, *body], "\n").encode(errors="replace")).hexdigest()
    scripts = []
    if 'class="plot"' in joined(body):
        source = None if self_contained else LIBRARY
        scripts = [
            element("script", library() if self_contained else "", nonce=nonce, src=source),
            element("script", DRAW, nonce=nonce),
        ]
    policy = Markup(
        f"default-src 'none'; script-src 'nonce-{nonce}'; style-src 'unsafe-inline'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
    return document([title], [*body, *on_lines(scripts)], policy=policy, style=STYLE)


@cache
def library() -> Markup:
    """Return the script file of plotly, as its own package has it."""
    return Markup(get_plotlyjs())
