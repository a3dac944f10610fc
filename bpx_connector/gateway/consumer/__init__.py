"""What an exchange object reads from when it has `options["gateway"]`: the same streams and answers, from
the bus."""
