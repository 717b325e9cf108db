resource "aws_s3_bucket" "a" {
  tags = { tenant = "acme" }
}
resource "aws_sqs_queue" "q" {
  policy = <<EOT
x
EOT
  tags = { tenant = "acme" }
}
