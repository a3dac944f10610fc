"""What is known: orders, positions, events, rules, refusals. Everybody in the sandbox may import it."""
