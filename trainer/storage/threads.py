"""Work in threads whose results keep their order."""

import concurrent.futures
import itertools
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


def ahead(
    function: Callable[[_Item], _Result],
    items: Iterable[_Item],
    num_threads: int = 4,
) -> Iterator[_Result]:
    """Maps in threads, in order, never more than a few items ahead."""
    items = iter(items)
    with concurrent.futures.ThreadPoolExecutor(num_threads) as pool:
        running = deque(
            pool.submit(function, item)
            for item in itertools.islice(items, num_threads)
        )
        while running:
            result = running.popleft().result()
            yield result
            for item in itertools.islice(items, 1):
                running.append(pool.submit(function, item))
