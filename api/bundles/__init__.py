"""Audit bundles: a stretch of the log with all that a stranger needs to check it anywhere."""
