"""What a market's book was at each update, drawn at random, and the deltas that led there."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import strategies as st

from bpx_connector.stream.book import Snapshot
from bpx_connector.stream.frames import Delta

__all__ = ["Truth", "truths"]

PRICES = st.integers(1, 12).map(float)
SIZES = st.integers(0, 3).map(float)
CHANGES = st.lists(st.tuples(PRICES, SIZES), max_size=3)


@dataclass
class Truth:
    """What the venue's book was at each update, and the deltas that led there."""

    books: list[tuple[dict[float, float], dict[float, float]]]
    deltas: list[Delta]

    def snapshot(self, nonce: int) -> Snapshot:
        bids, asks = self.books[nonce]
        return Snapshot(nonce, sorted(bids.items()), sorted(asks.items()))


@st.composite
def truths(draw: st.DrawFn) -> Truth:
    books: list[tuple[dict[float, float], dict[float, float]]] = [({}, {})]
    deltas = []
    number = 0
    for _ in range(draw(st.integers(1, 8))):
        first = number + 1
        number += draw(st.integers(1, 2))
        bids, asks = draw(CHANGES), draw(CHANGES)
        deltas.append(Delta(U=first, u=number, a=asks, b=bids, T=number * 1000))
        before = books[-1]
        after = _changed(before[0], bids), _changed(before[1], asks)
        # Within a merged delta the state between is only the venue's: snapshots are taken at its ends.
        books.extend([after] * (number - len(books) + 1))
    return Truth(books, deltas)


def _changed(levels: dict[float, float], changes: list[tuple[float, float]]) -> dict[float, float]:
    after = {**levels, **dict(changes)}
    return {price: size for price, size in after.items() if size}
