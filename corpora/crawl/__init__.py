"""Crawl portals politely into a corpus: pages as WARC, an index of them, and their documents."""
