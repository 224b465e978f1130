"""What search is worth: replay, measures, statistics, reports and the command line."""
