"""What answers: search engines behind one small protocol."""
