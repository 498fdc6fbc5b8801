"""Faithful local servers, one per provider, with one fault model; shipped with the product."""
