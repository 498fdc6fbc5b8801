"""Tampering: what somebody who has the database file might do, many times, and whether it is found.

`honest` makes the log, `crimes` has the deeds, `truth` says by plain sqlite3 what a deed changed,
`trial` lets the verifier and the witness judge and compares. Everything follows from a seed:
`python -m tests.tampering --count 100000 --seed 1` is the long run, `tests/test_tampering.py` the
short one.
"""
