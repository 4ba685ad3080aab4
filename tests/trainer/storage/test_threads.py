import threading

import pytest

from trainer.storage.threads import ahead


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
