"""misrun in a browser: a local application on loopback, for the one who started it."""
