"""Bots brought to releases and back; the host as a deploy left it."""
