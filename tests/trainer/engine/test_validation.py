from types import SimpleNamespace

from trainer.backends.step import StepResult
from trainer.engine.averages import Updates
from trainer.engine.validation import Validation


def test_batches_are_fetched_while_results_are_under_way():
    events = []

    def next_eval(batches):
        events.append("fetch")
        return next(batches, None)

    stepper = SimpleNamespace(
        model=SimpleNamespace(layers=[]),
        optimizer=SimpleNamespace(use_ema=False),
        evaluate=lambda number: StepResult(number, 1.0, "counts"),
    )
    data = SimpleNamespace(
        eval_batches=lambda: [(number,) for number in range(10)],
        next_eval=next_eval,
    )
    scores = SimpleNamespace(update=lambda *result: events.append(result))
    validation = Validation(stepper, data, lambda: scores, lambda: False)
    assert validation.score(Updates(0)).plain is scores
    results = [(number, 1.0, "counts") for number in range(10)]
    assert events == [
        *["fetch"] * 9,
        *[results[0], "fetch", results[1], "fetch"],
        *results[2:],
    ]
