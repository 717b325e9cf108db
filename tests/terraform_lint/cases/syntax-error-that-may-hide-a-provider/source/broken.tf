provider "aws" {
  default_tags {
    tags = { tenant = 
