module "with" {
  source = "./m"
  tags   = { tenant = "acme" }
}
module "without" {
  source = "./m"
}
