provider "google" {
  default_labels = { tenant = "acme" }
}
provider "google" {
  alias = "bare"
}
resource "google_storage_bucket" "a" {
}
resource "google_storage_bucket" "b" {
  provider = google.bare
}
