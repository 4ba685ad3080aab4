"""Work in threads whose results keep their order."""

import concurrent.futures
import itertools
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from typing import TypeVar, cast

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


def ahead(
    function: Callable[[_Item], _Result],
    items: Iterable[_Item],
    num_threads: int = 4,
    num_ahead: int | None = None,
) -> Generator[_Result, None, None]:
    """Maps in threads, in order, never more than a few items ahead.

    Args:
        function: What is called; of one thread, in the items' order.
        items: Its arguments, taken in the caller's thread.
        num_threads: So many calls at once.
        num_ahead: So many items are taken before the first result is; as many
            as there are threads where None.
    """
    items = iter(items)
    with concurrent.futures.ThreadPoolExecutor(num_threads) as pool:
        running = deque(
            pool.submit(function, item)
            for item in itertools.islice(items, num_ahead or num_threads)
        )
        while running:
            result = running.popleft().result()
            yield result
            for item in itertools.islice(items, 1):
                running.append(pool.submit(function, item))


def prefetched(items: Iterable[_Item], num_ahead: int = 4) -> Iterator[_Item]:
    """Takes items in a thread of its own, never more than a few ahead."""
    iterator, end = iter(items), object()

    def take(_: None) -> _Item | object:
        return next(iterator, end)

    for item in ahead(take, itertools.repeat(None), 1, num_ahead):
        if item is end:
            return
        yield cast(_Item, item)
