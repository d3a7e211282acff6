"""Incidents: their ids, evidence, journals and reports; imports base and bot."""
