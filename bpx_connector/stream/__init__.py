"""From frames to followers, and from what has changed to those who wait for it."""
