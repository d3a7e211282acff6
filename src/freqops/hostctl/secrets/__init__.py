"""Secrets that leaked, replaced and proven useless."""
