"""A local exchange: the part of Binance's spot REST API that ccxt and Freqtrade use.

The market is a function, not a recording: prices come from a seed (`prices`), optionally overlaid by an operator's
script (`scripts`), and can be asked for any minute since `prices.LISTED_S`. Everything that someone did (accounts,
orders, fills, scripts, faults) lies in one SQLite file (`store`) and survives a kill. Money is `Decimal` and exact.
"""
