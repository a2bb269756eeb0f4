"""Networks whose code is unusual: shared modules, weights that are computed, in-place steps, several inputs and outputs."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils import parametrizations


class Shared(nn.Module):
    """One convolution used three times; its parameters count once, its MACs three times."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.conv = nn.Conv2d(3, 4, 1), nn.Conv2d(4, 4, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        for _ in range(3):
            x = torch.relu(self.conv(x))
        return x


class Tied(nn.Module):
    """Two modules with one weight."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = nn.Conv2d(3, 3, 3, padding=1), nn.Conv2d(3, 3, 3, padding=2, dilation=2)
        self.b.weight = self.a.weight

    def forward(self, x: Tensor) -> Tensor:
        return self.b(self.a(x))


class Siamese(nn.Module):
    """Two images through one branch; their difference."""

    def __init__(self) -> None:
        super().__init__()
        self.branch = nn.Sequential(nn.Conv2d(3, 4, 3, 2, 1), nn.ReLU(), nn.Conv2d(4, 4, 3, padding=1))

    def forward(self, left: Tensor, right: Tensor) -> Tensor:
        return torch.abs(self.branch(left) - self.branch(right))


class Paired(nn.Module):
    """Two images as a batch, each normalized by itself; the product of what comes of them (RAFT)."""

    def __init__(self) -> None:
        super().__init__()
        self.branch = nn.Sequential(nn.Conv2d(3, 4, 3, 2, 1), nn.InstanceNorm2d(4), nn.ReLU(), nn.Conv2d(4, 6, 3, padding=1))
        self.norms = nn.Sequential(nn.GroupNorm(2, 6), nn.InstanceNorm2d(6, affine=True))

    def forward(self, left: Tensor, right: Tensor) -> Tensor:
        left, right = self.norms(self.branch(torch.cat([left, right]))).chunk(2)
        return left * right


class TwoSizes(nn.Module):
    """An image and a smaller guide."""

    def __init__(self) -> None:
        super().__init__()
        self.image, self.guide = nn.Conv2d(3, 4, 3, 2, 1), nn.Conv2d(1, 4, 1)

    def forward(self, image: Tensor, guide: Tensor) -> dict[str, Any]:
        x = self.image(image) + F.interpolate(self.guide(guide), scale_factor=2.0, mode="nearest")
        return {"sum": x, "more": [x.relu(), (guide * 2.0,)]}


class WeightNorm(nn.Module):
    """A weight that is computed from a direction and a length."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = parametrizations.weight_norm(nn.Conv2d(3, 4, 3, padding=1))
        self.out = nn.utils.weight_norm(nn.Conv2d(4, 4, 3, padding=1))

    def forward(self, x: Tensor) -> Tensor:
        return self.out(torch.relu(self.conv(x)))


class SpectralNorm(nn.Module):
    """A weight divided by its largest singular value."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = parametrizations.spectral_norm(nn.Conv2d(3, 4, 3, padding=1))

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(x)


class Standardized(nn.Conv2d):
    """Weight standardization: the convolution's weight is normalized in forward."""

    def __init__(self) -> None:
        super().__init__(3, 4, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        weight = self.weight - self.weight.mean((1, 2, 3), keepdim=True)
        weight = weight / (weight.std((1, 2, 3), keepdim=True) + 1e-5)
        return F.conv2d(x, weight, self.bias, self.stride, self.padding)


class NormedWeight(nn.Conv2d):
    """The same by a norm of torch, with a scale that is learned."""

    def __init__(self) -> None:
        super().__init__(3, 4, 3, padding=1)
        self.gain = nn.Parameter(torch.ones(4))

    def forward(self, x: Tensor) -> Tensor:
        flat = F.batch_norm(self.weight.reshape(1, 4, -1), None, None, weight=self.gain, training=True)
        return F.conv2d(x, flat.reshape_as(self.weight), self.bias, self.stride, self.padding)


class Blurred(nn.Module):
    """A fixed binomial kernel, depthwise, with stride (antialiased pooling)."""

    def __init__(self) -> None:
        super().__init__()
        line = torch.tensor([1.0, 2.0, 1.0])
        self.register_buffer("kernel", (line[:, None] * line / 16)[None, None].repeat(3, 1, 1, 1))
        self.conv = nn.Conv2d(3, 4, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(F.conv2d(F.pad(x, (1, 1, 1, 1), "reflect"), self.kernel, stride=2, groups=3))


class Functional(nn.Module):
    """Bare parameters and functions, no module of torch."""

    def __init__(self) -> None:
        super().__init__()
        self.weight, self.bias = nn.Parameter(torch.ones(4, 3, 3, 3)), nn.Parameter(torch.zeros(4))
        self.slope = nn.Parameter(torch.ones(4))

    def forward(self, x: Tensor) -> Tensor:
        x = F.conv2d(x, self.weight, self.bias, padding="same", dilation=2)
        return F.prelu(x, self.slope).clamp(min=0.0).sqrt()


class Merged(nn.Module):
    """Branches whose kernels are added before one convolution (RepVGG, in its code)."""

    def __init__(self) -> None:
        super().__init__()
        self.three, self.one = nn.Conv2d(3, 4, 3, padding=1, bias=False), nn.Conv2d(3, 4, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return F.conv2d(x, self.three.weight + F.pad(self.one.weight, (1, 1, 1, 1)), padding=1)


class InPlace(nn.Module):
    """Slices that are changed in place."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.part = nn.Conv2d(3, 6, 3, padding=1), nn.Conv2d(2, 2, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv(x)
        x[:, :2] = self.part(x[:, :2].clone())
        x[:, 4:] += x[:, 2:4]
        x.relu_()
        return x.mul_(2.0)


class Buffers(nn.Module):
    """A mean and a deviation that are buffers, and a grid of coordinates that is made in forward."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(3, 1, 1))
        self.register_buffer("std", torch.ones(1, 3, 1, 1), persistent=False)
        self.conv = nn.Conv2d(5, 4, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        x = (x - self.mean) / self.std
        h, w = x.shape[-2:]
        y, z = torch.meshgrid(torch.linspace(-1, 1, h), torch.linspace(-1, 1, w), indexing="ij")
        grid = torch.stack([y, z]).to(x)[None].expand(x.shape[0], -1, -1, -1)
        return self.conv(torch.cat([x, grid], 1))


class Loops(nn.Module):
    """Modules in lists and dicts, a loop with an early end, a Python number that is a setting."""

    def __init__(self, depth: int = 3, wide: int = 4) -> None:
        super().__init__()
        self.depth = depth
        self.layers = nn.ModuleList(
            [nn.ModuleDict({"conv": nn.Conv2d(3 if not i else wide, wide, 3, padding=1)}) for i in range(5)]
        )
        self.norms = nn.ParameterList([nn.Parameter(torch.ones(1, wide, 1, 1)) for _ in range(5)])

    def forward(self, x: Tensor, scale: float = 1.0) -> Tensor:
        for i, layer in enumerate(self.layers):
            if i == self.depth:
                break
            x = layer["conv"](x) * self.norms[i] * scale
        return x


class Tuple(nn.Module):
    """Outputs as a tuple within a list."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = nn.Conv2d(3, 4, 3, padding=1), nn.Conv2d(4, 4, 3, 2, 1)

    def forward(self, x: Tensor) -> list[tuple[Tensor, ...]]:
        a = self.a(x)
        return [(a, self.b(a)), (a.mean((2, 3)),)]


class Deconvolved(nn.Module):
    """Transposed convolutions with every setting, and a dead phase (kernel smaller than the stride)."""

    def __init__(self) -> None:
        super().__init__()
        self.down = nn.Conv2d(3, 4, 3, 2, 1)
        self.up = nn.ConvTranspose2d(4, 4, 3, 2, 1, output_padding=1, groups=2)
        self.sparse = nn.ConvTranspose2d(4, 2, 1, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.sparse(self.up(self.down(x)))


class Resized(nn.Module):
    """Interpolation by an odd ratio, by a size, with corners aligned, bicubic."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, padding=1)

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        x = self.conv(x)
        return (
            F.interpolate(x, scale_factor=1.5, mode="nearest"),
            F.interpolate(x, size=(11, 13), mode="bilinear", align_corners=True),
            F.interpolate(x, size=(20, 9), mode="bicubic"),
            F.adaptive_avg_pool2d(x, (5, 3)),
        )


class Pools(nn.Module):
    """Ceil mode, padding, L2-like powers, adaptive maxima."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        x = F.max_pool2d(self.conv(x), 3, 2, 0, ceil_mode=True)
        x = F.avg_pool2d(x.pow(2), 2, 2, ceil_mode=True, count_include_pad=False).sqrt()
        return F.adaptive_max_pool2d(x, (3, 2))


class Drops(nn.Module):
    """Stochastic parts that do nothing at inference, and identities."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.drop, self.same = nn.Conv2d(3, 4, 3, padding=1), nn.Dropout2d(0.5), nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        x = self.same(self.drop(self.conv(x)))
        if self.training:
            x = x[:, torch.randperm(4)]
        return F.dropout(x, 0.1, self.training)


class Einsum(nn.Module):
    """A pointwise convolution by einsum, a bilinear form, and a matmul with a parameter."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = nn.Parameter(torch.ones(6, 3)), nn.Parameter(torch.ones(6, 4))

    def forward(self, x: Tensor) -> Tensor:
        x = torch.einsum("bchw,oc->bohw", x, self.a)
        return (x.movedim(1, -1) @ self.b).movedim(-1, 1)


class Half(nn.Module):
    """Casts and contexts that change no figure."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        with torch.no_grad():
            scale = x.detach()
        return self.conv(x.to(memory_format=torch.channels_last)).type_as(x) + scale.mean(1, keepdim=True)


class Choosing(nn.Module):
    """Numbers that are compared and chosen one by one, largest places, moments, a triangle."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, padding=1)

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        x = self.conv(x)
        y = torch.where(x > 0, x, 0.1 * x.roll(1, 2)) * torch.tril(x)
        variance, mean = torch.var_mean(y, dim=3, keepdim=True)
        return (x - mean) / torch.sqrt(variance + 1e-5), torch.logsumexp(x, 3, keepdim=True)


class Labels(nn.Module):
    """The class of each pixel."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(x).argmax(1)


class OwnFunction(nn.Module):
    """An activation with a backward pass of its own."""

    class Swish(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Tensor) -> Tensor:
            ctx.save_for_backward(x)
            return x * torch.sigmoid(x)

        @staticmethod
        def backward(ctx: Any, gradient: Tensor) -> Tensor:
            return gradient

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = nn.Conv2d(3, 4, 3), nn.Conv2d(4, 4, 3, stride=2)

    def forward(self, x: Tensor) -> Tensor:
        return self.b(OwnFunction.Swish.apply(self.a(x)))


class Products(nn.Module):
    """Einsum with dots and without an arrow, tensordot, a similarity of two maps."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b, self.c = (nn.Parameter(torch.ones(i, o)) for i, o in ((8, 8), (3, 4), (4, 5)))
        self.conv = nn.Conv2d(5, 4, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        x = torch.einsum("...w,wv->...v", x, self.a)
        x = torch.tensordot(x, self.b, dims=([1], [0]))
        x = torch.einsum("nhwc,cd", x, self.c).permute(2, 0, 1, 3)
        x = self.conv(x)
        return F.cosine_similarity(x, x.roll(1, 3), dim=1)[:, None]


class Listed(nn.Module):
    """A list of images without a batch axis, as detectors take them."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)

    def forward(self, images: list[Tensor]) -> list[Tensor]:
        batch = torch.stack([(image - 0.5) / 0.25 for image in images])
        return [self.conv(batch)]


class Functions(nn.Module):
    """Functions of one number that few networks use."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = nn.Conv2d(3, 4, 3, padding=1), nn.Conv2d(4, 2, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        x = torch.asinh(self.a(x)) + torch.atan(x.sum(1, keepdim=True))
        return torch.sinh(torch.tanh(self.b(x)))


class Nested(nn.Module):
    """A piece of the program within another one: both are attributes of the same name, of the program and of the piece."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second, self.third = (nn.Conv2d(3, 3, 3) for _ in range(3))

    def forward(self, x: Tensor) -> Tensor:
        with torch.autocast("cuda", enabled=False):
            x = self.first(x)
            with torch.autocast("cpu", enabled=False):
                x = self.second(x)
        return self.third(x)
