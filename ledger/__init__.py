"""The truth: what happened, and what may happen next."""
