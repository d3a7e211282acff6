"""Promotion: the recorded permission for one bot, with one trading fingerprint, one account, one stage, to trade live."""
