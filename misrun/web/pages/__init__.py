"""The pages of the web application, one file each."""
