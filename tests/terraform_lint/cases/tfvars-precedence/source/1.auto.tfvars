b = "acme"
c = "acme"
