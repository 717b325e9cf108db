resource "aws_s3_bucket" "space" {
  tags = {"tenant" = "Acme Corp"}
}
resource "aws_s3_bucket" "upper" {
  tags = {"tenant" = "ACME"}
}
resource "aws_s3_bucket" "dash" {
  tags = {"tenant" = "-acme"}
}
resource "aws_s3_bucket" "newline" {
  tags = {"tenant" = "acme\n"}
}
resource "aws_s3_bucket" "blank" {
  tags = {"tenant" = " "}
}
resource "aws_s3_bucket" "good" {
  tags = {"tenant" = "acme-2"}
}
