"""Incidents: their ids, evidence, journals, reports and page; imports base and bot."""
