"""Somebody else's words (a model's, a server's) made fit to stand in a sentence of ours."""


def one_line(said: object, most: int | None = None) -> str:
    """The words on one line, without characters that act on a display, cut to `most` characters."""
    plain = "".join(character if character.isprintable() else " " for character in str(said))
    return " ".join(plain.split())[:most]
