resource "datadog_monitor" "m" {
  tags = ["tenant:acme"]
}
resource "newrelic_alert" "d" {
  tags = ["x"]
}
resource "aws_s3_bucket" "a" {
  tags = { tenant = "acme" }
}
