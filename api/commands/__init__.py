"""What the commands do, one module per subject; `api.cli` has their names and options."""
