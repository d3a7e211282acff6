"""A bot's exchange: its answers, and the acts of freqops there in the bot's name."""
