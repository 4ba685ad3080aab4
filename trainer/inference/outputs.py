"""What a prediction of pictures writes: label maps, colours, overlays."""

import errno
from collections.abc import Generator, Iterable, Iterator
from typing import TypeVar

import numpy as np

from schemas.layouts import filenames
from trainer.config.inference import PROBABILITY_FORMATS
from trainer.inference.predictor import HasImage, Predictor
from trainer.inference.readout import Prediction
from trainer.storage import files, image_files, images, npz
from trainer.storage.images import Picture
from trainer.visualization import draw

NPZ, PNG16 = PROBABILITY_FORMATS

_Picture = TypeVar("_Picture", bound=HasImage)


class Outputs:
    """The files of each picture, in one folder."""

    def __init__(
        self,
        folder: str,
        predictor: Predictor,
        probabilities: str | None = None,
        fade_unsure: bool = False,
    ):
        """Describes them; nothing is written yet.

        Args:
            folder: The output folder.
            predictor: The network.
            probabilities: `NPZ`, `PNG16` or None for none.
            fade_unsure: Whether overlays fade where the network is unsure.
        """
        self._folder = folder
        self._predictor = predictor
        self._probabilities = probabilities
        self._fades = fade_unsure
        self._arrays: dict[str, Generator[None, np.ndarray, None]] = {}
        self._too_long: dict[str, OSError] = {}

    @property
    def kinds(self) -> tuple[str, ...]:
        """The folders in the output folder."""
        more = (filenames.PROBABILITIES,) if self._probabilities else ()
        return (*filenames.PREDICTION_KINDS, *more)

    def targets(self, stem: str) -> list[str]:
        """Returns the paths in the output folder of a picture's files."""
        return [self._target(stem, kind) for kind in self.kinds]

    def ask(
        self, pictures: Iterable[_Picture]
    ) -> Iterator[tuple[_Picture, Prediction]]:
        """Asks the network what `paint` and `write` need to know."""
        if self._fades or self._probabilities:
            yield from self._predictor.predict_with_confidence(pictures)
        else:
            for picture, label_ids in self._predictor.predict(pictures):
                yield picture, Prediction(label_ids)

    def predict(
        self, pictures: Iterable[Picture]
    ) -> Iterator[tuple[Picture, Prediction]]:
        """Asks the network; arrays of probabilities are written meanwhile.

        Raises:
            OSError: An array cannot be written.
        """
        if self._probabilities != NPZ:
            yield from self.ask(pictures)
            return
        try:
            yield from self._predictor.predict_with_confidence(
                pictures, self._add
            )
        finally:
            for array in self._arrays.values():
                array.close()

    def paint(self, image: np.ndarray, prediction: Prediction) -> np.ndarray:
        """Lays a prediction over (H, W, 3) uint8, with the legend below."""
        return draw.overlay_with_legend(
            image,
            prediction.label_ids,
            self._predictor.space.table.label_ids,
            self._predictor.classes,
            prediction.confidence if self._fades else None,
        )

    def write(self, item: tuple[Picture, Prediction]) -> str | OSError:
        """Writes a picture's other files; may be called from several threads.

        Returns:
            Its stem, or that its name is too long.
        """
        picture, prediction = item
        label_ids = prediction.label_ids
        space = self._predictor.space.table.label_ids
        panels = {
            "labelIds": label_ids,
            "color": draw.colorize(label_ids, space),
            "overlay": self.paint(picture.image, prediction),
        }
        if self._probabilities == PNG16 and prediction.confidence is not None:
            panels[filenames.PROBABILITIES] = prediction.confidence
        stem = image_files.stem(picture.path)
        try:
            if picture.path in self._too_long:
                raise self._too_long.pop(picture.path)
            for kind, pixels in panels.items():
                target = files.join(self._folder, self._target(stem, kind))
                files.write_bytes(target, images.encode_png(pixels))
        except OSError as error:
            if error.errno != errno.ENAMETOOLONG:
                raise
            reason = "its outputs' names would be too long; rename the picture"
            return OSError(f"{picture.path}: {reason}")
        return stem

    def _target(self, stem: str, kind: str) -> str:
        is_array = kind == filenames.PROBABILITIES
        suffix = "npz" if is_array and self._probabilities == NPZ else "png"
        return filenames.prediction_path(stem, kind, suffix)

    def _add(self, picture: Picture, rows: np.ndarray) -> None:
        """Writes the next rows of a picture's (H, W, C) probabilities."""
        if picture.path in self._too_long:
            return
        try:
            if picture.path not in self._arrays:
                self._arrays[picture.path] = self._begin(picture)
            self._arrays[picture.path].send(rows)
        except StopIteration:
            del self._arrays[picture.path]
        except OSError as error:
            if error.errno != errno.ENAMETOOLONG:
                raise
            self._too_long[picture.path] = error

    def _begin(self, picture: Picture) -> Generator[None, np.ndarray, None]:
        channels = self._predictor.channels
        stem = image_files.stem(picture.path)
        target = self._target(stem, filenames.PROBABILITIES)
        array = npz.write_rows(
            files.join(self._folder, target),
            "probabilities",
            (*picture.image.shape[:2], len(channels)),
            np.float16,
            {
                "label_ids": np.array(
                    [row.label_id for row in channels], np.uint8
                ),
                "class_names": np.array([row.name for row in channels]),
            },
        )
        next(array)
        return array
