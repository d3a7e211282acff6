"""Runs on a host: the processes of a command, and the slot under which they run."""
