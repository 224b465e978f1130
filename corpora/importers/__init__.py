"""Foreign corpus formats, one file each."""
