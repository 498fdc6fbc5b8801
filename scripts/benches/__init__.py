"""The parts of `scripts/bench`: one module per kind of work, and the processes they measure."""
