"""One market: its book, its matching, its marks and candles."""
