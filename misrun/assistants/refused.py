"""A file of the user's that cannot be changed safely."""


class Refused(Exception):
    """Nothing was written; the message says why and what to do by hand."""
