"""Lines of JSON: how one is written and read, what must not stand in it, and what lines say of a bot."""
