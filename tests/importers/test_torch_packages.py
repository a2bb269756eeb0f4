"""Models of torchvision and timm, where those packages are installed: fields against gradients, counts against torch.

The test extra has neither, since torchvision asks for one build of torch; CI installs both without their dependencies.
"""

from __future__ import annotations

import os
from importlib.util import find_spec

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from rfcalc.analyses.network import analyze
from rfcalc.importers import load
from rfcalc.importers.torch.load import module_of
from tests.importers.test_torch_fields import differences, measured
from tests.importers.torch_models import on_meta, shapes_of

MODELS = {
    "torchvision.models:resnet18": "3x64x64",
    "torchvision.models:alexnet": "3x64x64",
    "torchvision.models:densenet121": "3x64x64",
    "torchvision.models:mobilenet_v2": "3x64x64",
    "torchvision.models:squeezenet1_1": "3x64x64",
    "torchvision.models:shufflenet_v2_x0_5": "3x64x64",
    "torchvision.models:mobilenet_v3_small": "3x64x64",
    "torchvision.models:efficientnet_b0": "3x64x64",
    "torchvision.models:regnet_y_400mf": "3x64x64",
    "torchvision.models:swin_t": "3x64x64",
    "torchvision.models.segmentation:lraspp_mobilenet_v3_large": "3x64x64",
    "timm.models:convnextv2_atto": "3x64x64",
    "timm.models:ghostnet_100": "3x64x64",
    "timm.models:skresnet18": "3x64x64",
    "timm.models:repvgg_a0": "3x64x64",
    "timm.models:dla34": "3x64x64",
    "timm.models:hrnet_w18_small": "3x64x64",
    "timm.models:poolformer_s12": "3x64x64",
    "timm.models:mobilenetv4_conv_small": "3x64x64",
    "timm.models:resnest14d": "3x64x64",
}
MORE = {
    "torchvision.models.segmentation:deeplabv3_resnet50": "3x64x64",
    "timm.models:inception_v4": "3x96x96",
    "timm.models:ecaresnet50d": "3x64x64",
    "torchvision.models:convnext_tiny": "3x64x64",
    "timm.models:res2net50_26w_4s": "3x64x64",
    "torchvision.models.video:r2plus1d_18": "3x4x32x32",
    "timm.models:cspresnet50": "3x64x64",
    "torchvision.models.segmentation:deeplabv3_mobilenet_v3_large": "3x64x64",
    "torchvision.models:inception_v3": "3x96x96",
    "torchvision.models:vgg11": "3x64x64",
    "torchvision.models:googlenet": "3x64x64",
    "torchvision.models:mnasnet0_5": "3x64x64",
    "torchvision.models:resnext50_32x4d": "3x64x64",
    "torchvision.models:regnet_x_400mf": "3x64x64",
    "torchvision.models.segmentation:fcn_resnet50": "3x48x48",
    "torchvision.models.video:mc3_18": "3x4x32x32",
    "torchvision.models.video:r3d_18": "3x4x32x32",
    "torchvision.models:wide_resnet50_2": "3x48x48",
    "torchvision.models:swin_v2_t": "3x64x64",
    "timm.models:test_resnet": "3x64x64",
    "timm.models:test_efficientnet": "3x64x64",
    "timm.models:test_efficientnet_gn": "3x64x64",
    "timm.models:test_efficientnet_ln": "3x64x64",
    "timm.models:test_efficientnet_evos": "3x64x64",
    "timm.models:test_byobnet": "3x64x64",
    "timm.models:test_convnext": "3x64x64",
    "timm.models:test_convnext2": "3x64x64",
    "timm.models:test_convnext3": "3x64x64",
    "timm.models:test_nfnet": "3x64x64",
    "timm.models:lcnet_050": "3x64x64",
    "timm.models:tinynet_e": "3x64x64",
    "timm.models:mobilenetv3_small_050": "3x64x64",
    "timm.models:efficientvit_b0": "3x64x64",
    "timm.models:fasternet_t0": "3x64x64",
    "timm.models:fastvit_t8": "3x64x64",
    "timm.models:hgnetv2_b0": "3x64x64",
    "timm.models:mobilevit_xxs": "3x64x64",
    "timm.models:pvt_v2_b0": "3x64x64",
    "timm.models:rexnet_100": "3x64x64",
    "timm.models:selecsls42": "3x64x64",
    "timm.models:starnet_s050": "3x64x64",
    "timm.models:repvit_m0_9": "3x64x64",
    "timm.models:resnetv2_18": "3x64x64",
    "timm.models:ese_vovnet19b_slim": "3x64x64",
    "timm.models:cs3darknet_focus_s": "3x64x64",
    "timm.models:inception_next_atto": "3x64x64",
    "timm.models:mambaout_femto": "3x64x64",
    "timm.models:gernet_s": "3x64x64",
    "timm.models:xception41": "3x64x64",
    "timm.models:semnasnet_050": "3x64x64",
    "timm.models:mixnet_s": "3x64x64",
    "timm.models:hardcorenas_a": "3x64x64",
    "timm.models:repghostnet_050": "3x64x64",
    "timm.models:ghostnetv2_100": "3x64x64",
    "timm.models:dpn48b": "3x64x64",
    "timm.models:legacy_seresnet18": "3x64x64",
    "timm.models:regnetz_005": "3x64x64",
    "timm.models:convmixer_768_32": "3x64x64",
    "timm.models:ecaresnet26t": "3x64x64",
}


ASKED = pytest.mark.skipif(not os.environ.get("RFCALC_LONG"), reason="minutes in all: RFCALC_LONG=1 runs them")


def missing(model: str) -> bool:
    return find_spec(model.split(".")[0]) is None


def check(model: str, shape: str, most: int = 4) -> list[str]:
    """What is wrong with the import of a model."""
    graph = load(model, {"input": shape})
    module = module_of(model)
    wrong = [] if analyze(graph).params == sum(p.numel() for p in module.parameters()) else ["parameters"]
    inputs = [torch.empty(one, device="meta") for one in shapes_of(graph).values()]
    with FlopCounterMode(display=False) as counter:
        on_meta(module_of(model))(*inputs)
    wrong += [] if 2 * analyze(graph).macs == counter.get_total_flops() else ["MACs"]
    run, maps = measured(module, graph)
    chosen = dict([*list(maps.items())[:: max(1, len(maps) // 6)], *list(maps.items())[-1:]])
    return wrong + list(differences(run, graph, chosen, most))[:5]


@pytest.mark.slow
@pytest.mark.parametrize("model", [*MODELS, *(pytest.param(model, marks=ASKED) for model in MORE)])
def test_real_models(model: str) -> None:
    if missing(model):
        pytest.skip(f"{model.split('.')[0]} is not installed")
    assert check(model, (MODELS | MORE)[model]) == []
