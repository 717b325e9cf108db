resource "random_pet" "p" {
}
resource "aws_s3_bucket" "good" {
  tags = { tenant = "acme", Name = random_pet.p.id }
}
resource "aws_s3_bucket" "bad" {
  tags = { tenant = "Acme Corp", Name = random_pet.p.id }
}
