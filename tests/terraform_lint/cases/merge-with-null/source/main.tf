variable "more" {
  type    = map(string)
  default = null
}
variable "team" {
  type = object({
    name   = string
    tenant = optional(string, "acme")
  })
  default = { name = "x" }
}
resource "aws_s3_bucket" "a" {
  tags = merge({ tenant = "acme" }, var.more)
}
resource "aws_s3_bucket" "b" {
  tags = { tenant = var.team.tenant }
}
resource "aws_s3_bucket" "c" {
  tags = merge(var.more, { Name = "x" })
}
resource "aws_s3_bucket" "d" {
  tags = zipmap(["tenant", "env"], ["acme", "prod"])
}
resource "aws_s3_bucket" "e" {
  tags = { tenant = lookup({ x = "acme" }, "y", "") }
}
resource "aws_s3_bucket" "f" {
  tags = { tenant = element(split("-", "acme-eu-1"), 0) }
}
resource "aws_s3_bucket" "g" {
  tags = { tenant = "%{ if true }acme%{ else }Other%{ endif }" }
}
