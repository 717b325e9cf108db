"""A report in the formats that terminals, CI services and code hosts read. Pure: a report in, text out."""
