"""Other people's programs, run as their users run them, each in an environment of its own."""
