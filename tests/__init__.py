"""Tests: names are sentences."""
