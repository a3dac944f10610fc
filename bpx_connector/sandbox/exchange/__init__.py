"""Commands in one order: what happens to orders, and what is told of it."""
