resource "google_compute_instance" "bad" {
  name = "a"
  tags = ["tenant", "acme"]
}
resource "google_compute_instance" "good" {
  name   = "b"
  tags   = ["web"]
  labels = { tenant = "acme" }
}
