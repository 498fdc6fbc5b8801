"""What a person runs: one verb each."""
