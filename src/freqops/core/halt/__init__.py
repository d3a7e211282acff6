"""Holds and levels: permission to trade, the stop of entries, the exit of positions; imports base and bot."""
