"""The exchange witness: asks exchange and database, in the bot's own image, on its own host, with its own key."""
