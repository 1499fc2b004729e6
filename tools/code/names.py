"""Sets of names, written as one line of words so that a table of an API stays readable."""


def names(text: str) -> frozenset[str]:
    """The words of `text`."""
    return frozenset(text.split())
