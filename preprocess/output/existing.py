"""What already lies in the output folder, and what that means."""

from preprocess.errors import ConversionError
from preprocess.options import Options
from preprocess.output import commit
from preprocess.records import shard_index, shard_writer
from preprocess.sources import listing
from preprocess.storage import files
from schemas import manifest
from schemas.labels.table import first_difference
from schemas.quantities import counted, noun

_INDEX_OPTION = "write_index"
"""Index files are written beside a finished data set, too."""


def prepare_output(output_dir: str) -> None:
    """Creates the output folder and tries to write there."""
    work_dir = files.join(output_dir, shard_writer.WORK_DIR)
    try:
        files.make_folder(work_dir)
        probe = files.join(work_dir, "probe")
        files.write_text(probe, "x", work_dir)  # Beam writes no empty s3://
        files.delete_if_there(probe)
    except OSError as error:
        raise ConversionError(
            f"cannot write to {output_dir}: {error.strerror or error}. Choose "
            "another --output_dir."
        ) from error


def former_result(
    options: Options, overwrite: bool
) -> manifest.Manifest | None:
    """Decides what a data set that is already there means.

    Returns:
        Its manifest if it is what is asked for, damaged or not; else None.

    Raises:
        ConversionError: It is another one, and may not be replaced.
    """
    output_dir = options.output_dir
    if overwrite:
        # What an interrupted run of this very command has finished counts.
        return None
    if not files.exists(files.join(output_dir, manifest.FILE_NAME)):
        _check_no_strangers(output_dir)
        return None
    try:
        content = manifest.load(output_dir, files.read_text)
    except manifest.ManifestError as error:
        raise ConversionError(str(error)) from error
    difference = _difference(content, options) or _new_inputs(content, options)
    if difference:
        raise ConversionError(
            f"{output_dir} already holds another data set: {difference}. Use "
            "another --output_dir, or replace it with --overwrite."
        )
    return content


def forget(output_dir: str) -> None:
    """Deletes the manifest of a data set that is made again from here on."""
    files.delete_if_there(files.join(output_dir, manifest.FILE_NAME))


def _check_no_strangers(output_dir: str) -> None:
    """Raises where files lie that this would write over or delete.

    An unfinished run of this command explains them.
    """
    strangers = commit.find_descriptions(output_dir)
    if files.exists(files.join(output_dir, commit.SKIPPED_FILE)):
        strangers.append(commit.SKIPPED_FILE)
    strangers += commit.shard_files(output_dir)
    strangers += map(shard_index.place, shard_index.list_shards(output_dir))
    work_dir = files.join(output_dir, shard_writer.WORK_DIR)
    is_unfinished = files.list_folder(work_dir) or (
        files.is_local(work_dir) and files.exists(work_dir)
    )
    if strangers and not is_unfinished:
        raise ConversionError(
            f"{output_dir} holds {counted(len(strangers), 'file')} of a data "
            f"set without its manifest, first {strangers[0]}. Use another "
            f"--output_dir, or replace {noun(len(strangers), 'it', 'them')} "
            "with --overwrite."
        )


def check_inputs(content: manifest.Manifest, options: Options) -> None:
    """Checks that a local run has converted just what lies in the source.

    Raises:
        ConversionError: The runner lost a frame, or a file has changed.
    """
    change = _new_inputs(content, options)
    if change:
        forget(options.output_dir)
        raise ConversionError(
            f"{change} the listing; run the same command with --overwrite."
        )


def _difference(content: manifest.Manifest, options: Options) -> str:
    classes = first_difference(options.encoding.labels, content.labels)
    if classes:
        return classes
    wanted = options.deciding() | {"splits": list(options.splits)}
    there = content.options | {"splits": list(content.splits)}
    for key in sorted({*wanted, *there} - {_INDEX_OPTION}):
        if wanted.get(key) != there.get(key):
            return f"{key} is {there.get(key)} there, {wanted.get(key)} here"
    return ""


def _new_inputs(content: manifest.Manifest, options: Options) -> str:
    """Says which split's source files are not those of the data set."""
    for split in options.splits:
        inputs = listing.list_inputs(split, options)
        if inputs != content.splits[split].inputs:
            return f"the source files of {split} have changed since"
    return ""
