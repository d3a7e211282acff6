"""Runs of four kinds: backtests, searches, downloads and maintenance; their gate, their slots and their registry."""
