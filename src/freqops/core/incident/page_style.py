"""What the timeline of an incident has of its own, beside the style of every page."""

from __future__ import annotations

from ..base import page_style
from ..base.markup import Markup

STYLE = Markup(
    page_style.STYLE
    + """
.timeline { table-layout: fixed; font: .8125rem/1.45 ui-monospace, monospace; }
.timeline caption { font: 0.9375rem/1.45 system-ui, sans-serif; }
.timeline th, .timeline td { padding: .15rem .4rem; overflow-wrap: anywhere; }
.timeline thead th { overflow-wrap: normal; }
.timeline time { font-size: 1em; }
.timeline .act > :nth-child(6) { color: var(--act); font-weight: 700; }
.timeline tr.day th { padding-top: .75rem; font-weight: 700; }
.c-time { width: 10%; } .c-since { width: 12%; } .c-host { width: 11%; } .c-bot { width: 8.5%; }
.c-command { width: 7.5%; } .c-kind { width: 7%; } .c-what { width: 17%; }
@media screen and (min-width: 64.01rem) {
  .timeline thead th { position: sticky; top: 0; background: var(--sheet); box-shadow: 0 1px 0 var(--line); }
}
@media screen and (max-width: 64rem) {
  .timeline tbody th, .timeline tbody td { padding: 0; }
  .timeline tr.entry { padding: .35rem 0 .35rem .5rem; }
  .timeline tr.entry > :nth-child(-n+6) { display: inline-block; max-width: 100%; margin-right: .75rem; }
  .timeline tr.entry > :last-child { padding-left: 1rem; }
  .timeline tr.between, .timeline tr.cut { padding: 0; }
  .timeline tr.between td, .timeline tr.cut td { padding: .35rem .5rem; }
}
@media print {
  tr.day { break-after: avoid; }
  .timeline caption { font-size: 7.5pt; }
  .timeline { font-size: 6.5pt; }
  .timeline th, .timeline td { padding: .1rem .2rem; }
}
"""
)
