"""What a client sees over HTTP."""
