"""Orders and fills, from the venue's words to ccxt's structures."""
