"""The way of a delivery into the ledger, with every check on it."""
