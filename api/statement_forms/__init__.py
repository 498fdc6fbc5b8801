"""How providers write their statements: forms, and the reading of files by them.

A form is a small TOML file that says which column of a provider's CSV is what. Two are in the box,
`mtn.toml` and `wave.toml`; whoever has another file writes one. So a provider's new column is a
line in a text file, and not a release.
"""
