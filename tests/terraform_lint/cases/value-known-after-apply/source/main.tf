resource "random_pet" "p" {
}
resource "aws_s3_bucket" "a" {
  tags = { tenant = random_pet.p.id }
}
resource "aws_s3_bucket" "b" {
  tags = { tenant = "t-${random_pet.p.id}" }
}
resource "aws_s3_bucket" "c" {
  tags = { Name = random_pet.p.id }
}
