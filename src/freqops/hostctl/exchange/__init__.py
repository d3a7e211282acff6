"""What a bot's exchange says, and what freqops closes there in its name."""
