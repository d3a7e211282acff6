"""Interrupted commands on the bots of a host, brought to their end."""
