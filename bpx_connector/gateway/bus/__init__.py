"""What is said on the bus, and the connection to it."""
