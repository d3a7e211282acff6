"""The command freqops-host, on every host and as start gate in every bot container."""
