"""The SavedModel: encoded bytes or pixels of any size to labelIds.

It does what `Predictor` does.  It does not look at EXIF: a picture that is
stored turned is seen turned.
"""

from collections.abc import Callable

import keras
import tensorflow as tf

from schemas.failures import is_out_of_memory
from trainer.config.inference import InferenceConfig
from trainer.inference.predictor import check_window
from trainer.models.saved import (
    output_label_ids,
    pixels_to_probabilities,
)
from trainer.models.strides import size_factor
from trainer.serving import graph_resize, graph_windows
from trainer.serving.job import Apply, ExportJob
from trainer.storage import files, tf_errors

ENCODED = "serving_default"
PIXELS = "pixels"

_PICTURES = tf.TensorSpec((None, None, None, 3), tf.uint8, "images")
_JPEG_START = b"\xff\xd8\xff"


def write(job: ExportJob, path: str) -> None:
    """Writes a SavedModel with two signatures.

    `serving_default` takes `image_bytes`, (B,) string, PNGs and JPEGs of any
    sizes, and gives `label_ids_bytes`, (B,) string: PNGs of (H, W) uint8
    labelIds.  By the end of their names TensorFlow Serving knows that both
    travel in base64.  `pixels` takes `images`, (B, H, W, 3) uint8, and gives
    `label_ids`, (B, H, W) uint8.

    Raises:
        OSError: It cannot be written.
        ValueError: The network cannot take windows of the size of --crop.
    """
    probabilities = pixels_to_probabilities(job.network.model, seen=job.seen)
    pixels = build_pixels(job, probabilities)

    def encoded(image_bytes: tf.Tensor) -> dict[str, tf.Tensor]:
        def one(content: tf.Tensor) -> tf.Tensor:
            label_ids = pixels(decode(content)[None])["label_ids"]
            return tf.io.encode_png(label_ids[0][..., None])

        return {
            "label_ids_bytes": tf.map_fn(
                one,
                image_bytes,
                parallel_iterations=1,
                fn_output_signature=tf.TensorSpec((), tf.string),
            )
        }

    archive = keras.export.ExportArchive()
    archive.track(probabilities)
    archive.add_endpoint(
        ENCODED, encoded, [tf.TensorSpec((None,), tf.string, "image_bytes")]
    )
    archive.add_endpoint(PIXELS, pixels)
    with files.replacing_folder(path) as folder:
        try:
            archive.write_out(folder, verbose=False)
        except tf.errors.OpError as error:
            if is_out_of_memory(error):
                raise
            raise OSError(f"{path}: {tf_errors.reason(error)}") from error


def open_file(path: str) -> Apply:
    """Opens the signature `pixels` as whoever gets the folder does."""
    model = tf.saved_model.load(path)  # which keeps the variables
    return lambda image: model.signatures[PIXELS](
        images=tf.constant(image[None])
    )["label_ids"].numpy()[0]


def decode(content: tf.Tensor) -> tf.Tensor:
    """Decodes a PNG or JPEG into the pixels that `decode_rgb` gives.

    Args:
        content: () string.

    Returns:
        (H, W, 3) uint8.
    """
    start = tf.strings.substr(content, 0, len(_JPEG_START))
    image = tf.cond(
        start == _JPEG_START,
        lambda: tf.io.decode_jpeg(content, 3, dct_method="INTEGER_ACCURATE"),
        lambda: tf.io.decode_png(content, 3),
    )
    return tf.ensure_shape(image, (None, None, 3))


def build_pixels(
    job: ExportJob, probabilities: keras.Model
) -> Callable[[tf.Tensor], dict[str, tf.Tensor]]:
    """Builds the function behind the signature `pixels`.

    Args:
        job: The network and how it is applied.
        probabilities: What `pixels_to_probabilities` made of it.

    Raises:
        ValueError: The network cannot take windows of the size of --crop.
    """
    config = job.inference
    factor = size_factor(probabilities)
    check_window(config.crop, factor)
    output_ids = output_label_ids(job.network.space, job.seen)

    @tf.function(input_signature=[_PICTURES])
    def ask(windows: tf.Tensor) -> tf.Tensor:
        values = probabilities(windows, training=False)
        if config.flip_average:
            mirrored = probabilities(windows[:, :, ::-1], training=False)
            values += mirrored[:, :, ::-1]
        return values

    def blend(
        images: tf.Tensor,
        size: tf.Tensor,
        finish: Callable[[tf.Tensor], tf.Tensor],
    ) -> tf.Tensor:
        axes = graph_windows.lay_windows(size, config, factor)
        canvas = graph_windows.pad(graph_resize.resize(images, size), axes)
        return graph_windows.blend_windows(
            canvas, axes, ask, len(output_ids), finish
        )

    @tf.function(input_signature=[_PICTURES])
    def pixels(images: tf.Tensor) -> dict[str, tf.Tensor]:
        given = tf.shape(images)[1:3]
        if config.resize is None and config.scales == (1.0,):
            chosen = blend(images, given, graph_resize.most_probable)
        else:
            first, *others = _view_sizes(given, config)
            values = blend(images, first, tf.identity)
            for size in others:
                more = blend(images, size, tf.identity)
                values += tf.image.resize(more, first)
            chosen = graph_resize.enlarge_and_choose(values, given)
        return {"label_ids": tf.gather(output_ids, tf.cast(chosen, tf.int32))}

    return pixels


def _view_sizes(given: tf.Tensor, config: InferenceConfig) -> list[tf.Tensor]:
    """Returns the (2,) int32 sizes that pictures take, as `view_sizes`."""
    base = tf.cast(given, tf.float64)
    if config.resize:
        base = tf.constant(config.resize, tf.float64)
    return [
        tf.maximum(1, tf.cast(tf.round(base * scale), tf.int32))
        for scale in config.descending_scales
    ]
