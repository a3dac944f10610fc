"""Borrowing, lending and vaults, from the venue's words to ccxt's structures."""
