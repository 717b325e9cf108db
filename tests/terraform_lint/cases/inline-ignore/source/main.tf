resource "aws_s3_bucket" "above" {
  # apportion:ignore[missing-tag] belongs to the platform
}
resource "aws_s3_bucket" "dated" {
  # apportion:ignore[missing-tag] moves next year until=2999-12-31
}
resource "aws_s3_bucket" "expired" {
  # apportion:ignore[missing-tag] was to move until=2020-01-31
}
resource "aws_s3_bucket" "other_rule" {
  # apportion:ignore[empty-tag] another rule
}
# apportion:ignore[*] belongs to the platform
resource "aws_s3_bucket" "all" {
}
resource "aws_s3_bucket" "none" {
}
