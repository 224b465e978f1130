"""Reports of a scored run: HTML and Markdown, in Chinese or English."""
