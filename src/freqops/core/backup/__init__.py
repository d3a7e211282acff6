"""Backup: what a dump of a bot's database must be, which dumps are kept, and until when each database is in one."""
