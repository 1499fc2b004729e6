"""Heptad language model for coiled-coil segments."""
