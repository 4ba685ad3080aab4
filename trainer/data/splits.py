"""The frames of splits: encoded records, or pictures that stay decoded."""

from collections.abc import Callable, Sequence

from schemas.manifest import NATIVE
from schemas.sizes import Size
from trainer.config.data import DataConfig
from trainer.config.sizes import format_size
from trainer.data import cache, dataset, integrity
from trainer.data.dataset import Part
from trainer.data.process_share import WHOLE, Share
from trainer.data.source import Source, open_records


def open_train(
    data: DataConfig,
    parts: Sequence[Part],
    cache_dir: str,
    report: Callable[[str], None] = print,
    share: Share = WHOLE,
) -> list[Source]:
    """Opens the training splits at the size before the crop.

    Args:
        data: Their size, and whether decoded pictures stay.
        parts: The splits.
        cache_dir: The folder for decoded pictures that memory cannot hold.
        report: Is told what is cached.
        share: The part of each split that this process reads.

    Raises:
        ConfigError: The size or the cache does not fit.
        ManifestError: A record is damaged.
    """
    sources = []
    for part in parts:
        resize = dataset.stored_resize(data, part)
        source = open_records(part, resize, share)
        sources.append(_cached(source, data, cache_dir, report))
    return sources


def open_eval(
    data: DataConfig,
    part: Part,
    cache_dir: str,
    report: Callable[[str], None] = print,
    share: Share = WHOLE,
) -> Source:
    """Opens the evaluation split, whole pictures at the crop's size.

    With --resize=none they keep their own size.  Arguments and errors are
    those of `open_train`.
    """
    resize = data.crop if data.resize else None
    if part.records.manifest.image_size == resize:
        resize = None
    source = open_records(part, resize, share)
    return _cached(source, data, cache_dir, report)


def eval_size(data: DataConfig, part: Part, factor: int) -> Size:
    """Returns the (height, width) that evaluation batches have.

    Without a resize: the largest stored sides, rounded up to multiples of
    the network's factor.
    """
    if data.resize:
        return data.crop
    height, width = (max(sides) for sides in zip(*part.sizes, strict=True))
    return (
        height + -height % factor,
        width + -width % factor,
    )


def _cached(
    source: Source,
    data: DataConfig,
    cache_dir: str,
    report: Callable[[str], None],
) -> Source:
    """Decodes a split's frames once where they find room to stay."""
    hint = ""
    if source.part.records.manifest.image_size == NATIVE and data.resize:
        hint = (
            "; preprocess.main --image_size="
            f"{format_size(data.resize)} would do this once for every run"
        )
    with integrity.naming_damage(source.part):
        return cache.keep_decoded(
            source, data.cache, cache_dir, lambda line: report(line + hint)
        )
