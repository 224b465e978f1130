"""One file per engine; the registry lists this folder without importing what is in it."""
