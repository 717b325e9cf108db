module "off" {
  count  = 0
  source = "./m"
}
module "on" {
  count  = 1
  source = "./m"
}
