"""What a well-tagged resource is, and which customer a tag names. A leaf: imports nothing of ours."""
