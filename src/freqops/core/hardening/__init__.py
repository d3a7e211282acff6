"""Firewall, SSH server and kernel settings, changed under guard; imports base."""
