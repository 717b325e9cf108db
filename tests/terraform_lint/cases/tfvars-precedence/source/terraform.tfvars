a = "acme"
b = ""
c = ""
