"""Holds and levels: what may trade, how entries stop, how positions close, who answers for it; imports base and bot."""
