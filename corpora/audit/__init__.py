"""Find what is wrong with the pages of portals: from a corpus alone, without asking any portal."""
