"""Everything that talks to the outside: providers, their sandboxes, the reactors that use them."""
