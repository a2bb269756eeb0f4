"""Models that a library makes of a configuration object, for benchmarks/models.txt: nothing is downloaded."""

from __future__ import annotations

import importlib
from typing import Any

from torch import nn


def transformer(config: str, model: str, **settings: Any) -> nn.Module:
    """A model of transformers by the names of its configuration and of its class, with the configuration's own settings."""
    library = importlib.import_module("transformers")
    made: nn.Module = getattr(library, model)(getattr(library, config)(**settings))
    return made


def unet_of_nnunet(model: str, rank: int) -> nn.Module:
    """A network of nnU-Net of five stages, plain or residual, for images or volumes."""
    library = importlib.import_module("dynamic_network_architectures.architectures.unet")
    conv, norm = (nn.Conv2d, nn.InstanceNorm2d) if rank == 2 else (nn.Conv3d, nn.InstanceNorm3d)
    blocks = {"n_blocks_per_stage" if "Residual" in model else "n_conv_per_stage": 2}
    made: nn.Module = getattr(library, model)(
        input_channels=1,
        n_stages=5,
        features_per_stage=(32, 64, 128, 256, 320),
        conv_op=conv,
        kernel_sizes=3,
        strides=(1, 2, 2, 2, 2),
        num_classes=3,
        n_conv_per_stage_decoder=2 if "Residual" not in model else 1,
        conv_bias=True,
        norm_op=norm,
        norm_op_kwargs={"eps": 1e-5, "affine": True},
        nonlin=nn.LeakyReLU,
        nonlin_kwargs={"inplace": True},
        deep_supervision=True,
        **blocks,
    )
    return made
