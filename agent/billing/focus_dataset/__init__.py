"""What FOCUS files say, release by release and provider by provider: names, values, splits, faults that are known."""
