inputs = {
  tenant = "acme"
}
