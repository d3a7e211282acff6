"""What Freqtrade leaves of a run, read as what others wrote: backtests, epochs, gaps of data."""
