"""The door: HTTP and the command line in, commands to the ledger and queries of projections out."""
