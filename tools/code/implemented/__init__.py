"""What code implements, in the terms in which papers state it: settings, and the form of losses, updates and layers."""
