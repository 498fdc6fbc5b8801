"""The parts of `scripts/demo`: the stage, the play and the report."""
