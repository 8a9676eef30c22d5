"""Collects what a command prints, up to a limit, as kubelet's probes and hooks do."""

LIMIT = 10 << 10


class Capture:
    """A writer that keeps the first 10 KiB."""

    def __init__(self, limit: int = LIMIT) -> None:
        self._limit = limit
        self._data = bytearray()

    async def write(self, data: bytes) -> None:
        """Keep what fits."""
        self._data += data[: self._limit - len(self._data)]

    def close(self) -> None:
        """Nothing more comes."""

    @property
    def text(self) -> str:
        """What was kept."""
        return self._data.decode("utf-8", "replace")
