"""Complaints about fields, as ``k8s.io/apimachinery/pkg/util/validation/field`` words them."""

from typing import Any, Final, NamedTuple

import orjson

#: Stands for a value that is not shown.
OMIT: Final[Any] = object()

_TITLES: Final = {
    "FieldValueInvalid": "Invalid value",
    "FieldValueTypeInvalid": "Invalid value",
    "FieldValueNotSupported": "Unsupported value",
    "FieldValueDuplicate": "Duplicate value",
    "FieldValueTooMany": "Too many",
    "FieldValueTooLong": "Too long",
    "FieldValueRequired": "Required value",
    "FieldValueForbidden": "Forbidden",
    "InternalError": "Internal error",
}
_WITHOUT_VALUE: Final = frozenset({"FieldValueRequired", "FieldValueForbidden", "FieldValueTooLong", "InternalError"})


class FieldError(NamedTuple):
    """One cause of a Status: ``str()`` is its line in the message, ``body`` the cause's own message."""

    reason: str
    field: str
    value: Any = OMIT
    detail: str = ""

    @property
    def body(self) -> str:
        """The complaint without the field's name."""
        text = _TITLES.get(self.reason, self.reason)
        if self.value is not OMIT and self.reason not in _WITHOUT_VALUE:
            text += f": {show(self.value)}"
        return f"{text}: {self.detail}" if self.detail else text

    def __str__(self) -> str:
        return f"{self.field}: {self.body}"


def show(value: Any) -> str:
    """Return a value as Go prints it in a complaint: texts quoted, objects as JSON with sorted keys."""
    text = orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()
    if isinstance(value, dict | list):
        return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
    return text
