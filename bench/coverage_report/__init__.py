"""Show an audit of coverage: as a page to read and print, and as a workbook to hand to those who run the portal."""
