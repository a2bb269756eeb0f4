"""ATen operators that interpolate maps."""

from __future__ import annotations

from typing import Any

from rfcalc.importers.programs import resizing
from rfcalc.importers.programs.program import Tensor, UnfollowedError
from rfcalc.importers.torch.call import Call, handles


@handles("upsample_nearest1d", "upsample_nearest2d", "upsample_nearest3d", "upsample_bilinear2d", "upsample_linear1d")
@handles("upsample_trilinear3d", "upsample_bicubic2d")
def _upsample(call: Call) -> Tensor:
    mode, rank = call.name.removeprefix("upsample_")[:-2], int(call.name[-2])
    settings: dict[str, Any] = {"mode": mode, "align_corners": bool(call["align_corners"])}
    scales = call["scale_factors"] or [call[k] for k in ("scales", "scales_d", "scales_h", "scales_w") if call[k]]
    if scales and mode != "nearest" and not call["align_corners"] and call["output_size"] is not None:
        raise UnfollowedError("interpolates with both a size and a scale")
    settings |= {"scale": tuple(map(float, scales))} if scales else {"size": tuple(call.sizes[-rank:])}
    return resizing.upsample(call.program, call.tensor(), rank, settings)
