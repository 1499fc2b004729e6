"""Edits that carry a cure out where the code, the configuration and the run determine them; one file per kind."""
