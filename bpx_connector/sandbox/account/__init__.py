"""Money: who owns what, and what a trade moves."""
