"""Conversions, requests for quotes and stocks, from the venue's words to ccxt's structures."""
