"""HTML made of elements, so that text can only come in escaped."""

from html import escape

from misrun.tools.visible_text import visible

# Elements without content; "/>" ends those of SVG, and HTML ignores it (HTML Living Standard, 13.1.2.1).
_VOID = frozenset({"meta", "rect", "line", "input", "link"})


class Html(str):
    """Finished markup. Everything else that is a string is text and will be escaped."""

    __slots__ = ()


Content = str | None


def element(name: str, *content: Content, **attributes: str | bool | None) -> Html:
    """One element. A last underscore of a name is dropped, others become hyphens; None and False leave an
    attribute out, True gives one without a value."""
    written = "".join(_attribute(key, value) for key, value in attributes.items())
    if name in _VOID:
        return Html(f"<{name}{written}/>")
    return Html(f"<{name}{written}>{joined(*content)}</{name}>")


def joined(*content: Content) -> Html:
    """The parts one after the other; None is nothing."""
    return Html("".join(part if isinstance(part, Html) else text(part) for part in content if part is not None))


def text(foreign: str) -> Html:
    """Text from anywhere as markup that shows exactly these characters."""
    return Html(escape(visible(foreign), quote=True))


def _attribute(key: str, value: str | bool | None) -> str:
    if value is None or value is False:
        return ""
    name = key.rstrip("_").replace("_", "-")
    return f" {name}" if value is True else f' {name}="{text(value)}"'
