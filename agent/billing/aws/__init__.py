"""What the two Cost and Usage Report sources share: line types, and how their money is read."""
