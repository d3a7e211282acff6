"""A bot's account on its exchange: its coins, their owner, and those that may be sold; imports base and bot."""
