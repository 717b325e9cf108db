"""The ledger on disk: its columns, how rows are summed into it, which versions are in force."""
