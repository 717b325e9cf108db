resource "aws_s3_bucket" "good" {
  tags = { tenant = "acme-corp" }
}
resource "aws_s3_bucket" "typo" {
  tags = { tenant = "acme-crop" }
}
resource "aws_s3_bucket" "spelled" {
  tags = { tenant = "Acme Corp" }
}
resource "aws_s3_bucket" "stranger" {
  tags = { tenant = "zzz-zzz" }
}
