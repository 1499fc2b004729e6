"""The same change made to every text in a record, and in the records and containers that it holds."""

from collections.abc import Callable
from typing import Any, TypeVar

from misrun.tools.record import Record

Item = TypeVar("Item")

# Series hold up to a million numbers and no text.
_COLUMN = 256


def with_texts(item: Item, change: Callable[[str], str]) -> Item:
    """`item` with each text replaced by `change` of it; the very same object where that changes nothing."""
    return _walked(item, change)  # type: ignore[no-any-return]


def _walked(item: Any, change: Callable[[str], str]) -> Any:
    if isinstance(item, str):
        return change(item)
    if isinstance(item, Record):
        changed = _changed(item.__dict__, {name: _walked(value, change) for name, value in item.__dict__.items()})
        return item.model_copy(update=changed) if changed else item
    if isinstance(item, dict):
        new = {_walked(key, change): _walked(value, change) for key, value in item.items()}
        return new if list(new) != list(item) or _changed(item, new) else item
    if isinstance(item, tuple | list) and not _is_column(item):
        members = [_walked(member, change) for member in item]
        if all(a is b for a, b in zip(members, item, strict=True)):
            return item
        return item._make(members) if hasattr(item, "_make") else type(item)(members)
    return item


def _is_column(items: tuple[Any, ...] | list[Any]) -> bool:
    return len(items) > _COLUMN and isinstance(items[0], int | float)


def _changed(old: dict[Any, Any], new: dict[Any, Any]) -> dict[Any, Any]:
    return {name: value for name, value in new.items() if value is not old.get(name)}
