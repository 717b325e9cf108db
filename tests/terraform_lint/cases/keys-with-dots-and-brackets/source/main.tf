provider "aws" {
  default_tags {
    tags = { tenant = "acme" }
  }
}
resource "random_pet" "p" {
}
module "m" {
  for_each = toset(["a.b[0]"])
  source   = "./m"
  name     = random_pet.p.id
}
resource "aws_s3_bucket" "q" {
  for_each = { "x].y\"z" = "" }
  tags     = { tenant = each.value }
}
