data "aws_ssm_parameter" "t" {
  name = "/tenant"
}
resource "aws_s3_bucket" "a" {
  tags = { tenant = data.aws_ssm_parameter.t.value }
}
resource "aws_s3_bucket" "b" {
  tags = { Name = data.aws_ssm_parameter.t.value }
}
