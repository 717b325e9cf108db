d = "acme"
