"""A bot's exchange: its answers, and what freqops closes there in the bot's name."""
