"""One request: paced, signed, sent, and its answer understood."""
