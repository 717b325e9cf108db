"""Terraform plans and source, judged by ``policies`` before they are merged. Starts without any cloud SDK."""
