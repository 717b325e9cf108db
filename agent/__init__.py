"""The long-lived system and the money: ingest, allocation, margins, scheduled runs, the command line."""
