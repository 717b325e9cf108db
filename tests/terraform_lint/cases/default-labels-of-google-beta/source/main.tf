provider "google" {
  default_labels = { tenant = "acme" }
}
provider "google-beta" {
}
resource "google_storage_bucket" "a" {
}
resource "google_storage_bucket" "b" {
  provider = google-beta
}
