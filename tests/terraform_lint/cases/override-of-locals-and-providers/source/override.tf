locals {
  tags = { tenant = "" }
}
provider "aws" {
  default_tags {
    tags = { Name = local.name }
  }
}
