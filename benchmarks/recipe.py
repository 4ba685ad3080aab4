"""The 2021 recipe that this project starts from: the baseline to beat.

    python -m benchmarks.recipe --cityscapes_root=DIR --epochs=20 \
        --base_filters=16 --json=FILE

trains as the recipe does, saves the model beside FILE as .keras and prints
the images a second.  `trainer.task --mode=evaluate --checkpoint=...keras`
scores that model like any other.

The recipe's faults are kept on purpose, F8 apart:
    F1  Pictures and label maps are listed separately and paired by position:
        a missing file shifts every later pair, and nothing checks it.
    F2  Pictures are resized by nearest neighbour because they share a tensor
        with the label maps: aliasing.
    F3  Validation label maps are resized bilinearly: invents class ids.
    F4  The cache stands after the random crop and flip: every epoch replays
        the first one's crops, and 1 MiB of float32 a picture stays in memory.
    F5  Full-size PNGs are decoded to make 280x280 pictures.
    F6  repeat() stands before shuffle(300): epochs bleed into each other.
    F7  fit() gets no checkpoint callback: only the last weights are kept.
    F8  The mean IoU's argmax is in __call__, which Keras no longer calls from
        fit(); moved, or nothing would train.
    F9  Ids that Cityscapes ignores are trained on and counted in the mean IoU.
"""

import argparse
import functools
import json
import os
import sys
import time

from preprocess import command_line
from schemas import failures
from schemas.failures import Advice


def train(args: argparse.Namespace) -> None:
    """Trains by the recipe, saves the model and what was measured.

    Raises:
        FileNotFoundError: A split has no pictures or fewer label maps.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    import keras

    from benchmarks.contenders import recipe_input, recipe_model

    keras.utils.set_random_seed(args.seed)
    data = recipe_input.datasets(
        args.cityscapes_root, args.batch_size, args.seed
    )
    model = recipe_model.build_model(args.base_filters)
    recipe_model.compile_model(model)
    steps = max(1, data.num_train // args.batch_size)
    begin = time.perf_counter()
    model_path = os.path.splitext(args.json)[0] + ".keras"

    def save_epoch(epoch: int, logs: dict) -> None:
        del logs
        partial = f"{model_path}.partial.keras"
        model.save(partial)
        stem = model_path.removesuffix(".keras")
        os.replace(partial, f"{stem}-{(epoch + 1) * steps}.keras")

    saving = keras.callbacks.LambdaCallback(on_epoch_end=save_epoch)
    history = model.fit(
        data.train,
        epochs=args.epochs,
        steps_per_epoch=steps,
        validation_data=data.val,
        validation_steps=max(1, data.num_val // args.batch_size),
        callbacks=[saving] if args.save_each_epoch else [],
        verbose=2,
    )
    seconds = time.perf_counter() - begin
    num_images = args.epochs * steps * args.batch_size
    model.save(model_path)
    result = {
        "num_train": data.num_train,
        "num_val": data.num_val,
        "parameters": model.count_params(),
        "epochs": args.epochs,
        "steps_per_epoch": steps,
        "batch_size": args.batch_size,
        "base_filters": args.base_filters,
        "seed": args.seed,
        "seconds": seconds,
        "images_per_second": num_images / seconds,
        "history": history.history,
        "model": model_path,
    }
    with open(args.json, "w", encoding="utf-8") as file:
        file.write(json.dumps(result, indent=1) + "\n")
    print(
        f"{num_images / seconds:.1f} images/s with validation, "
        f"{seconds:.1f} s: {args.json}, {model_path}"
    )


def main(argv: list[str] | None = None) -> int:
    """Parses flags and trains; returns the exit code."""
    parser = command_line.FlagParser(__doc__)
    parser.add_argument("--cityscapes_root", required=True, metavar="DIR")
    parser.add_argument("--epochs", type=command_line.whole(1), default=60)
    parser.add_argument("--batch_size", type=command_line.whole(1), default=32)
    parser.add_argument(
        "--base_filters", type=command_line.whole(1), default=64
    )
    parser.add_argument("--seed", type=command_line.whole(0), default=2019)
    parser.add_argument("--json", required=True, metavar="FILE")
    parser.add_argument(
        "--save_each_epoch",
        action="store_true",
        help="save FILE-STEP.keras beside FILE after every epoch",
    )
    args = parser.parse_flags(argv)
    for kind in ("leftImg8bit", "gtFine"):
        if not os.path.isdir(os.path.join(args.cityscapes_root, kind)):
            parser.error(f"{args.cityscapes_root} has no {kind}/ folder")
    folder = os.path.dirname(os.path.abspath(args.json))
    if not os.access(folder, os.W_OK):
        parser.error(f"--json: {folder} is not a folder to write to")
    advice = Advice("lower --batch_size", "run the same command again")
    return failures.exit_code(functools.partial(train, args), advice)


if __name__ == "__main__":
    sys.exit(main())
