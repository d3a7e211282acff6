"""freqops: deploy and operate Freqtrade bots; shipped to hosts too, so it imports nothing."""
