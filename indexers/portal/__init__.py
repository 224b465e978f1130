"""Asking a portal's own search over HTTP: presets, politeness, reading of answers."""
