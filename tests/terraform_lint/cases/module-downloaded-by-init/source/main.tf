module "b" {
  source  = "acme/bucket/aws"
  version = "1.0.0"
}
