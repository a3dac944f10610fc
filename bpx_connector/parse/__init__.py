"""From the venue's payloads to ccxt's structures, in a room for each subject; no I/O."""
