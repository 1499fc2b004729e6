"""The benchmark: runnable training scripts, what they recorded, and what was wrong with them (see README.md)."""
