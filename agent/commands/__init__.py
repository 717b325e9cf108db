"""The verbs of the command line, one a file. ``catalogue`` lists them; importing it imports none of their work."""
