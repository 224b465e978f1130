"""What portals publish: documents, and the corpus folders that hold them."""
