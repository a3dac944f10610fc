"""What `options["guards"]` allows: the rules, and where every order passes them."""
