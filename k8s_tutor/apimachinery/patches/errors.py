"""What is wrong with a patch."""


class PatchError(ValueError):
    """The patch cannot be applied; the message is upstream's.

    Attributes:
        malformed: the patch itself is no patch (400), rather than one that does not fit the object (422).
        excessive: there is too much of it (413).
    """

    def __init__(self, message: str, *, malformed: bool = False, excessive: bool = False) -> None:
        super().__init__(message)
        self.malformed = malformed
        self.excessive = excessive
