"""What a client hears over its socket."""
