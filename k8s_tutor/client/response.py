"""An answer of the API server, fully read."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

_WARNING = re.compile(r'299\s+\S+\s+"((?:[^"\\]|\\.)*)"')


@dataclass(frozen=True, slots=True)
class Response:
    """Status, headers and body; the body is decoded only when asked for."""

    status: int
    headers: Mapping[str, str]
    data: bytes

    def json(self) -> Any:
        """Decode the body.

        Raises:
            ValueError: the body is not JSON.
        """
        return orjson.loads(self.data)

    @property
    def warnings(self) -> list[str]:
        """The texts of the ``Warning: 299`` headers, in order, without repetitions."""
        values = (
            self.headers.getlist("Warning") if hasattr(self.headers, "getlist") else [self.headers.get("Warning", "")]
        )
        texts = [re.sub(r"\\(.)", r"\1", text) for value in values for text in _WARNING.findall(value)]
        return list(dict.fromkeys(texts))
