"""A bot: where its files lie, what it is declared as, its API, processes, secrets and database; imports base."""
