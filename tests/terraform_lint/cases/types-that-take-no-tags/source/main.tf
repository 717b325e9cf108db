resource "aws_volume_attachment" "a" {
  device_name = "/dev/sdh"
  instance_id = "i-1"
  volume_id   = "vol-1"
}
resource "aws_s3_bucket_policy" "p" {
  bucket = "b"
  policy = "{}"
}
resource "null_resource" "n" {
}
