"""DigitalOcean's account: its API, what is kept of it on disk, and invoice items as charges."""
