"""Promotion: the permission for one bot, with one trading fingerprint, one account and one stage, to trade live."""
