"""A run followed while it is still going: what is wrong is said when it shows, not when the run has ended."""
