"""Azure Cost Management's cost details: columns, charge types, and the two datasets held against each other."""
