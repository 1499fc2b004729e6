"""A block of text with a button that copies it."""

from misrun.report.html.markup import Html, element


def copyable(shown: Html, plain: str, label: str) -> Html:
    """What is shown, and a button that puts `plain` on the clipboard; without JavaScript the button stays hidden."""
    button = element("button", label, type="button", class_="copy", data_copy=plain, hidden=True)
    return element("div", shown, button, class_="copyable")
