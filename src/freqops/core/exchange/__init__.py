"""A bot's account on its exchange: what is there, what of it is the bot's, what may be sold; imports base and bot."""
