"""A bot on its host: its containers, database, API and holds; started, stopped, probed."""
