"""Dumps of the bots of this host, made and restored."""
