"""Show the findings of an audit: on screen, as a page to look at, as a workbook, and as groups of copies for runs."""
