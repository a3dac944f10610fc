"""Balances, positions, histories and the wallet, from the venue's words to ccxt's structures."""
