resource "google_container_cluster" "good" {
  resource_labels = { tenant = "acme" }
}
resource "google_container_cluster" "bad" {
  resource_labels = { team = "x" }
}
resource "google_sql_database_instance" "good" {
  settings {
    tier        = "db-f1-micro"
    user_labels = { tenant = "acme" }
  }
}
resource "google_sql_database_instance" "bad" {
  settings {
    tier = "db-f1-micro"
  }
}
resource "google_cloud_run_service" "good" {
  metadata {
    labels = { tenant = "acme" }
  }
}
resource "google_cloud_run_service" "bad" {
  metadata {
    labels = { tenant = "" }
  }
}
