"""What a command did: its journal, its evidence, and the incident that has both."""
