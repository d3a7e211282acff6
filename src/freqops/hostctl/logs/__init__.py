"""The log files of a host: one writer for everything that freqops says there, and one reader for all of them."""
