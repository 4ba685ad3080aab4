"""The peer of benchmarks.accuracy by the trainer's rules: `make test-readers`.

The loss and the scores need torch alone; the network's packages do not come
along.
"""

import io

import numpy as np
import pytest
from PIL import Image

from benchmarks.trainings.header import Header
from tests.extra.readers.reading import reader
from trainer.config.optimization import LossConfig
from trainer.losses.build import build_loss

torch = reader("torch")

NUM_CLASSES = 5
WEIGHTS = np.array([0, 1, 0.5, 2, 1], np.float32)


def make_header(root, logit_offsets=(0.0,) * NUM_CLASSES):
    return Header(
        cityscapes_root=str(root),
        eval_split="val",
        batch=(1, 32, 32),
        steps_per_epoch=1,
        epochs=2,
        seed=1,
        class_weights=WEIGHTS.tolist(),
        evaluated=[False, True, True, True, True],
        logit_offsets=list(logit_offsets),
        region_loss_weight=0.5,
        learning_rate=1e-3,
        encoder_factor=0.1,
        weight_decay=0.01,
        warmup_steps=0,
        decoder_filters=[8, 8, 8, 8, 8],
        is_bfloat16=False,
    )


def test_the_loss_is_the_trainers():
    from benchmarks.trainings import smp

    draws = np.random.default_rng(1)
    logits = draws.normal(size=(2, 8, 8, NUM_CLASSES)).astype(np.float32)
    ids = draws.integers(0, NUM_CLASSES - 1, (2, 8, 8))  # The last: absent.
    ids[0, :3] = 255
    config = LossConfig("cross_entropy_dice", region_loss_weight=0.5)
    expected, _ = build_loss(config, WEIGHTS)(ids, logits)
    loss = smp.segmentation_loss(
        torch.from_numpy(logits).permute(0, 3, 1, 2),
        torch.from_numpy(ids),
        torch.from_numpy(WEIGHTS),
        config.region_loss_weight,
    )
    assert float(loss) == pytest.approx(float(expected), rel=1e-5)


def test_a_class_that_is_only_predicted_counts_as_0(tmp_path):
    """Truth 0 counts nowhere; 1 has 1 / 2 pixels, 3 has 1 / 1, 4 has 0 / 1."""
    from benchmarks.trainings import smp

    truth = np.array([[0, 1, 1, 3]], np.uint8)
    predicted = np.array([[2, 1, 4, 3]])
    for kind, name, pixels in (
        ("leftImg8bit", "leftImg8bit", np.zeros((1, 4, 3), np.uint8)),
        ("gtFine", "gtFine_labelIds", truth),
    ):
        folder = tmp_path / kind / "val" / "ulm"
        folder.mkdir(parents=True)
        path = folder / f"ulm_000000_000019_{name}.png"
        Image.fromarray(pixels).save(path)

    class Network(torch.nn.Module):
        def forward(self, images):
            logits = torch.zeros(1, NUM_CLASSES, *images.shape[2:])
            # One row of four columns in the middle of 32 by 32.
            top, left = 31 // 2, 28 // 2
            for column, label in enumerate(predicted[0]):
                logits[0, label, top, left + column] = 1
            return logits

    score = smp.evaluate(Network(), make_header(tmp_path))
    assert score == pytest.approx((1 / 2 + 1 + 0) / 3)
    without_4 = make_header(tmp_path, [0.0, 0.0, 0.0, 0.0, -np.inf])
    assert smp.evaluate(Network(), without_4) == pytest.approx((1 / 2 + 1) / 2)


def test_the_encoder_learns_by_its_own_rate(tmp_path):
    """AdamW's first step is the rate, in the gradient's direction."""
    from benchmarks.trainings import smp

    class Network(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.encoder = torch.nn.Linear(1, 1, bias=False)
            self.decoder = torch.nn.Linear(1, 1, bias=False)
            for weight in self.parameters():
                torch.nn.init.zeros_(weight)
                weight.grad = -torch.ones_like(weight)

    network = Network()
    optimizer = smp.build_optimizer(network, make_header(tmp_path))
    optimizer.step()
    assert network.encoder.weight.item() == pytest.approx(1e-4)
    assert network.decoder.weight.item() == pytest.approx(1e-3)


def test_crops_that_end_too_early_are_an_error(tmp_path):
    from benchmarks.trainings import smp

    num_bytes = 4 * 32 * 32
    whole, cut = (io.BytesIO(bytes(n)) for n in (2 * num_bytes, num_bytes + 9))
    header = make_header(tmp_path)
    shapes = [(1, 3, 32, 32), (1, 32, 32)]
    for step in smp.read_crops(whole, header):
        assert [tuple(part.shape) for part in step] == shapes
    assert not whole.read()
    with pytest.raises(SystemExit, match="ended after 1 of 2 steps"):
        list(smp.read_crops(cut, header))
    with pytest.raises(SystemExit, match="the standard input is empty"):
        smp.train(io.BytesIO(), str(tmp_path / "scores.csv"))
