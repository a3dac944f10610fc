"""The gateway itself: the venue on one side, the bus on the other."""
