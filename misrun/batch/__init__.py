"""Many runs at once: found, investigated in parallel, and put into groups of like failures."""
