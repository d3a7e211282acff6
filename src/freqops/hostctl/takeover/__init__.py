"""Bots adopted from elsewhere, and taken off their host."""
