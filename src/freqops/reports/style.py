"""What the pages of runs have of their own, beside the style of every page: plots, in its colours."""

from __future__ import annotations

from freqops.core.base import page_style
from freqops.core.base.markup import Markup

STYLE = Markup(
    page_style.STYLE
    + """
figure { margin: 0 0 1rem; min-width: 0; }
figcaption { color: var(--faint); margin: 0 0 .25rem; }
.plot { min-width: 0; overflow: hidden; }
.plot :is(.xtick, .ytick, .y2tick, .legend, .infolayer) text { fill: var(--text) !important; }
.plot :is(.gridlayer, .zerolinelayer) path { stroke: var(--line) !important; }
.beside { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 32rem), 1fr)); gap: .5rem 2rem; }
.beside > * { min-width: 0; }
time { white-space: nowrap; }
tbody th { max-width: 18rem; }
.beside tbody th { min-width: 5rem; max-width: 9.5rem; overflow-wrap: anywhere; }
table + table, table + p { margin-top: .75rem; }
.small table { max-width: 48rem; }
@media (min-width: 64.01rem) { header dl { grid-template-columns: repeat(2, max-content minmax(0, 1fr)); } }
@media screen and (max-width: 64rem) {
  .small tbody tr { display: grid; grid-template-columns: minmax(0, 1fr) minmax(0, max-content); gap: .75rem; }
  .small tbody tr { padding: .25rem 0; }
  .small td[data-label] { margin-right: 0; }
  .small td[data-label]::before { content: none; }
}
td.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
thead th.number { text-align: right; }
tbody th code, td code { overflow-wrap: anywhere; }
"""
)
