"""What citizens ask: queries, and the judgments that say which documents answer them."""
