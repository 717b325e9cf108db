module "t" {
  for_each = { acme = "acme", other = "" }
  source   = "./m"
  tags     = { tenant = each.value }
}
