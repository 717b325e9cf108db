"""Everything that renders for people: finance tables, xlsx, html, csv, Slack blocks. Records in, bytes out."""
