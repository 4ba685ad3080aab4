import threading

import pytest

from trainer.storage.threads import ahead, prefetched


def test_threads_keep_the_order_and_stay_few_items_ahead():
    taken, release = [], threading.Event()

    def items():
        for number in range(50):
            taken.append(number)
            yield number

    def double(number):
        if number == 0:
            release.wait(5)
        return 2 * number

    results = ahead(double, items(), num_threads=3)
    timer = threading.Timer(0.05, release.set)
    timer.start()
    assert next(results) == 0
    assert len(taken) == 3
    assert list(results) == [2 * number for number in range(1, 50)]


def test_an_error_in_a_thread_reaches_the_caller():
    with pytest.raises(ZeroDivisionError):
        list(ahead(lambda number: 1 // number, [1, 0]))


def test_one_thread_takes_items_a_few_ahead_in_their_order():
    taken, threads, enough = [], set(), threading.Event()

    def items():
        for number in range(50):
            taken.append(number)
            threads.add(threading.get_ident())
            if number == 3:
                enough.set()
            yield number

    results = prefetched(items(), num_ahead=4)
    assert next(results) == 0
    assert enough.wait(5) and len(taken) <= 5
    assert list(results) == list(range(1, 50))
    assert len(threads) == 1 and threading.get_ident() not in threads


def test_an_error_among_items_that_are_taken_ahead_reaches_the_caller():
    results = prefetched(1 // number for number in (1, 1, 0))
    assert next(results) == next(results) == 1
    with pytest.raises(ZeroDivisionError):
        next(results)


def test_items_that_nobody_wants_any_more_are_closed():
    closed = threading.Event()

    def items():
        try:
            while True:
                yield 0
        finally:
            closed.set()

    results = prefetched(items())
    next(results)
    del results
    assert closed.wait(5)
