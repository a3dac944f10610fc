"""Markets, prices, candles and funding, from the venue's words to ccxt's structures."""
