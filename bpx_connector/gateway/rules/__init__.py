"""What the gateway decides. Pure: the time is an argument, in seconds of one clock; nothing here waits."""
