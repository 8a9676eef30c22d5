"""Bytes in pieces: whatever is done, they are what one string of bytes would be."""

from hypothesis import given
from hypothesis import strategies as st

from k8s_tutor.sim.runtime.chunks import CHUNK, ZEROS, Chunks

TEXTS = st.sampled_from((b"", b"x", b"abc", ZEROS, b"y" * CHUNK, b"ab" * 20000))
CHANGES = st.lists(
    st.tuples(st.sampled_from(("append", "overwrite", "cut", "pad")), st.integers(0, 1 << 18), TEXTS), max_size=12
)


@given(CHANGES)
def test_as_one_string(changes: list[tuple[str, int, bytes]]) -> None:
    chunks, plain = Chunks(), b""
    for what, number, data in changes:
        place = number % (len(plain) + 1)
        if what == "append":
            chunks.append(data)
            plain += data
        elif what == "overwrite":
            part = data[: len(plain) - place]
            chunks.overwrite(place, part)
            plain = plain[:place] + part + plain[place + len(part) :]
        elif what == "cut":
            chunks.cut(place)
            plain = plain[:place]
        else:
            chunks.pad(len(plain) + number)
            plain += bytes(number)
        assert len(chunks) == len(plain)
        assert chunks.read(place, 70000) == plain[place : place + 70000]
    assert chunks.copy().whole() == plain


def test_equal_pieces_take_no_memory() -> None:
    chunks = Chunks()
    for _ in range(1000):
        chunks.append(bytes(b"y" * CHUNK))
        chunks.append(ZEROS)
    same = Chunks()
    for _ in range(1000):
        same.append(bytes(b"y" * CHUNK))
    assert same.real == CHUNK
    assert len(same) == 1000 * CHUNK
