"""Google's billing export to BigQuery: how it is read, what a line becomes, and how it is fetched."""
