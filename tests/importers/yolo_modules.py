"""The modules of Ultralytics' rows in plain torch, written for the tests from what each computes; parts named as there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import gcd
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

Kernel = int | tuple[int, int]


class Part(nn.Module):
    """Named parts, and what is done with them."""

    def __init__(self, run: Callable[[Any, Any], Any], **parts: nn.Module) -> None:
        super().__init__()
        self.run = run
        for name, part in parts.items():
            self.add_module(name, part)

    def forward(self, x: Any) -> Any:
        return self.run(self, x)


def half(k: Kernel) -> Kernel:
    return tuple(n // 2 for n in k) if isinstance(k, tuple) else k // 2


def conv(c1: int, c2: int, k: Kernel = 1, s: int = 1, g: int = 1, act: bool = True, p: int | None = None, d: int = 1) -> Part:
    padding = half(d * (k - 1) + 1 if isinstance(k, int) else k) if p is None else p
    layer = nn.Conv2d(c1, c2, k, s, padding, d, g, bias=False)
    return Part(
        lambda m, x: m.act(m.bn(m.conv(x))), conv=layer, bn=nn.BatchNorm2d(c2, 1e-3), act=nn.SiLU() if act else nn.Identity()
    )


def several(parts: Sequence[nn.Module]) -> nn.Sequential:
    return nn.Sequential(*parts)


def bottleneck(c1: int, c2: int, add: bool = True, g: int = 1, k: tuple[Kernel, Kernel] = (3, 3), e: float = 0.5) -> Part:
    h = int(c2 * e)
    run = (lambda m, x: x + m.cv2(m.cv1(x))) if add and c1 == c2 else (lambda m, x: m.cv2(m.cv1(x)))
    return Part(run, cv1=conv(c1, h, k[0]), cv2=conv(h, c2, k[1], g=g))


def two_ways(c1: int, c2: int, body: Callable[[int], Sequence[nn.Module]], e: float = 0.5) -> Part:
    """C3: a body beside a 1x1 convolution."""
    h = int(c2 * e)
    parts = {"cv1": conv(c1, h), "cv2": conv(c1, h), "m": several(body(h)), "cv3": conv(2 * h, c2)}
    return Part(lambda m, x: m.cv3(torch.cat([m.m(m.cv1(x)), m.cv2(x)], 1)), **parts)


def fan(c1: int, c2: int, body: Callable[[int], Sequence[nn.Module]], e: float = 0.5) -> Part:
    """C2f: every result of the body is kept."""
    h = int(c2 * e)
    inner = body(h)

    def run(m: Any, x: Tensor) -> Tensor:
        kept = list(m.cv1(x).split(h, 1))
        for part in m.m:
            kept.append(part(kept[-1]))
        return m.cv2(torch.cat(kept, 1))

    return Part(run, cv1=conv(c1, 2 * h), m=nn.ModuleList(inner), cv2=conv((2 + len(inner)) * h, c2))


def c2(c1: int, out: int, n: int, add: bool) -> Part:
    h = out // 2

    def run(m: Any, x: Tensor) -> Tensor:
        a, b = m.cv1(x).split(h, 1)
        return m.cv2(torch.cat([m.m(a), b], 1))

    return Part(run, cv1=conv(c1, 2 * h), m=several([bottleneck(h, h, add, e=1) for _ in range(n)]), cv2=conv(2 * h, out))


def csp(c1: int, out: int, n: int) -> Part:
    h = out // 2
    parts = {"cv1": conv(c1, h), "m": several([bottleneck(h, h, e=1) for _ in range(n)])}
    parts |= {"cv2": nn.Conv2d(c1, h, 1, bias=False), "cv3": nn.Conv2d(h, h, 1, bias=False), "cv4": conv(2 * h, out)}
    parts |= {"bn": nn.BatchNorm2d(2 * h, 1e-3)}
    return Part(lambda m, x: m.cv4(F.silu(m.bn(torch.cat([m.cv3(m.m(m.cv1(x))), m.cv2(x)], 1)))), **parts)


def c1_(c_in: int, out: int, n: int) -> Part:
    body = several([conv(out, out, 3) for _ in range(n)])
    return Part(lambda m, x: (y := m.cv1(x)) + m.m(y), cv1=conv(c_in, out), m=body)


def rep(c1: int, out: int, act: bool = True, bn: bool = False, s: int = 1) -> Part:
    parts: dict[str, nn.Module] = {"conv1": conv(c1, out, 3, s, act=False), "conv2": conv(c1, out, 1, s, act=False)}
    parts |= {"bn": nn.BatchNorm2d(out, 1e-3)} if bn else {}

    def run(m: Any, x: Tensor) -> Tensor:
        y = m.conv1(x) + m.conv2(x) + (m.bn(x) if bn else 0)
        return F.silu(y) if act else y

    return Part(run, **parts)


def rep_bottleneck(c: int) -> Part:
    return Part(lambda m, x: x + m.cv2(m.cv1(x)), cv1=rep(c, c), cv2=conv(c, c, 3))


def elan(c1: int, out: int, c3: int, c4: int, n: int) -> Part:
    def stage(width: int) -> nn.Sequential:
        return several([two_ways(width, c4, lambda h: [rep_bottleneck(h) for _ in range(n)]), conv(c4, c4, 3)])

    def run(m: Any, x: Tensor) -> Tensor:
        kept = list(m.cv1(x).split(c3 // 2, 1))
        kept.append(m.cv2(kept[1]))
        return m.cv4(torch.cat([*kept, m.cv3(kept[2])], 1))

    return Part(run, cv1=conv(c1, c3), cv2=stage(c3 // 2), cv3=stage(c4), cv4=conv(c3 + 2 * c4, out))


def elan1(c1: int, out: int, c3: int, c4: int) -> Part:
    def run(m: Any, x: Tensor) -> Tensor:
        a, b = m.cv1(x).split(c3 // 2, 1)
        c = m.cv2(b)
        return m.cv4(torch.cat([a, b, c, m.cv3(c)], 1))

    parts = {"cv2": conv(c3 // 2, c4, 3), "cv3": conv(c4, c4, 3), "cv4": conv(c3 + 2 * c4, out)}
    return Part(run, cv1=conv(c1, c3), **parts)


def spp(c1: int, out: int, k: Sequence[int]) -> Part:
    h = c1 // 2

    def run(m: Any, x: Tensor) -> Tensor:
        y = m.cv1(x)
        return m.cv2(torch.cat([y, *(F.max_pool2d(y, n, 1, n // 2) for n in k)], 1))

    return Part(run, cv1=conv(c1, h), cv2=conv(h * (len(k) + 1), out))


def chained_pools(c1: int, out: int, h: int, k: int, last: str) -> Part:
    """SPPF (cv2) and SPPELAN (cv5)."""

    def run(m: Any, x: Tensor) -> Tensor:
        kept = [m.cv1(x)]
        for _ in range(3):
            kept.append(F.max_pool2d(kept[-1], k, 1, k // 2))
        return getattr(m, last)(torch.cat(kept, 1))

    return Part(run, cv1=conv(c1, h), **{last: conv(4 * h, out)})


def attention(c: int, heads: int) -> Part:
    """Queries and keys have half the depth of the values; a depthwise convolution of the values is added."""
    depth, width = c // heads // 2, c // heads

    def run(m: Any, x: Tensor) -> Tensor:
        size = x.shape[2:]
        q, k, v = m.qkv(x).flatten(2).unflatten(1, (heads, 2 * depth + width)).split([depth, depth, width], 2)
        seen = F.scaled_dot_product_attention(*(t.transpose(2, 3) for t in (q, k, v))).transpose(2, 3)
        maps = (t.reshape(-1, c, *size) for t in (seen, v))
        return m.proj(next(maps) + m.pe(next(maps)))

    parts = {"qkv": conv(c, c + 2 * depth * heads, act=False), "proj": conv(c, c, act=False)}
    return Part(run, **parts, pe=conv(c, c, 3, g=c, act=False))


def fed(c: int) -> nn.Sequential:
    return several([conv(c, 2 * c), conv(2 * c, c, act=False)])


def psa_block(c: int, heads: int) -> Part:
    def run(m: Any, x: Tensor) -> Tensor:
        x = x + m.attn(x)
        return x + m.ffn(x)

    return Part(run, attn=attention(c, heads), ffn=fed(c))


def split_attention(c: int, n: int, heads: int) -> Part:
    """C2PSA."""
    h = c // 2

    def run(m: Any, x: Tensor) -> Tensor:
        a, b = m.cv1(x).split(h, 1)
        return m.cv2(torch.cat([a, m.m(b)], 1))

    return Part(run, cv1=conv(c, 2 * h), m=several([psa_block(h, heads) for _ in range(n)]), cv2=conv(2 * h, c))


def psa(c: int, heads: int) -> Part:
    h = c // 2

    def run(m: Any, x: Tensor) -> Tensor:
        a, b = m.cv1(x).split(h, 1)
        b = b + m.attn(b)
        return m.cv2(torch.cat([a, b + m.ffn(b)], 1))

    return Part(run, cv1=conv(c, 2 * h), attn=attention(h, heads), ffn=fed(h), cv2=conv(2 * h, c))


def large_depthwise(c: int) -> Part:
    parts = {"conv": conv(c, c, 7, g=c, act=False), "conv1": conv(c, c, 3, g=c, act=False)}
    return Part(lambda m, x: F.silu(m.conv(x) + m.conv1(x)), **parts)


def cib(c: int, add: bool, large: bool) -> Part:
    middle = large_depthwise(2 * c) if large else conv(2 * c, 2 * c, 3, g=2 * c)
    chain = several([conv(c, c, 3, g=c), conv(c, 2 * c), middle, conv(2 * c, c), conv(c, c, 3, g=c)])
    return Part((lambda m, x: x + m.cv1(x)) if add else (lambda m, x: m.cv1(x)), cv1=chain)


def area_attention(c: int, heads: int, areas: int) -> Part:
    """Attention of each position to those of its band of rows; a depthwise convolution of the values is added."""
    width = c // heads

    def run(m: Any, x: Tensor) -> Tensor:
        bands = m.qkv(x).unflatten(2, (areas, -1)).movedim(2, 1).flatten(3)
        q, k, v = bands.unflatten(2, (heads, 3 * width)).split(width, 3)
        seen = F.scaled_dot_product_attention(*(t.transpose(3, 4) for t in (q, k, v))).transpose(3, 4)
        maps = (t.flatten(2, 3).movedim(1, 2).reshape(x.shape) for t in (seen, v))
        return m.proj(next(maps) + m.pe(next(maps)))

    parts = {"qkv": conv(c, 3 * c, act=False), "proj": conv(c, c, act=False)}
    return Part(run, **parts, pe=conv(c, c, 7, g=c, act=False))


def area_block(c: int, areas: int, ratio: float) -> Part:
    def run(m: Any, x: Tensor) -> Tensor:
        x = x + m.attn(x)
        return x + m.mlp(x)

    h = int(c * ratio)
    return Part(run, attn=area_attention(c, c // 32, areas), mlp=several([conv(c, h), conv(h, c, act=False)]))


class Areas(nn.Module):
    """A2C2f with attention; with `gamma`, a scaled sum with its input."""

    def __init__(self, c1: int, out: int, n: int, areas: int, gamma: bool = False, ratio: float = 2.0) -> None:
        super().__init__()
        h = out // 2
        self.cv1, self.cv2 = conv(c1, h), conv((1 + n) * h, out)
        self.gamma = nn.ParameterList([nn.Parameter(torch.ones(out))]) if gamma else None
        self.m = nn.ModuleList(several([area_block(h, areas, ratio) for _ in range(2)]) for _ in range(n))

    def forward(self, x: Tensor) -> Tensor:
        kept = [self.cv1(x)]
        for part in self.m:
            kept.append(part(kept[-1]))
        y = self.cv2(torch.cat(kept, 1))
        return y if self.gamma is None else x + self.gamma[0][:, None, None] * y


def unfanned(c1: int, out: int, n: int) -> Part:
    """A2C2f without attention."""
    h = out // 2

    def run(m: Any, x: Tensor) -> Tensor:
        kept = [m.cv1(x)]
        for part in m.m:
            kept.append(part(kept[-1]))
        return m.cv2(torch.cat(kept, 1))

    inner = [two_ways(h, h, lambda w: [bottleneck(w, w, e=1) for _ in range(2)]) for _ in range(n)]
    return Part(run, cv1=conv(c1, h), cv2=conv((1 + n) * h, out), m=nn.ModuleList(inner))


def averaged_down(c1: int, out: int) -> Part:
    return Part(lambda m, x: m.cv1(F.avg_pool2d(x, 2, 1)), cv1=conv(c1, out, 3, 2))


def split_down(c1: int, out: int) -> Part:
    """ADown."""

    def run(m: Any, x: Tensor) -> Tensor:
        a, b = F.avg_pool2d(x, 2, 1).chunk(2, 1)
        return torch.cat([m.cv1(a), m.cv2(F.max_pool2d(b, 3, 2, 1))], 1)

    return Part(run, cv1=conv(c1 // 2, out // 2, 3, 2), cv2=conv(c1 // 2, out // 2))


def ghost(c1: int, out: int, k: int = 1, s: int = 1, act: bool = True) -> Part:
    h = out // 2
    parts = {"cv1": conv(c1, h, k, s, act=act), "cv2": conv(h, h, 5, g=h, act=act)}
    return Part(lambda m, x: torch.cat([y := m.cv1(x), m.cv2(y)], 1), **parts)


def ghost_bottleneck(c1: int, out: int, k: int, s: int) -> Part:
    h = out // 2
    middle: nn.Module = conv(h, h, k, s, g=h, act=False) if s == 2 else nn.Identity()
    around: nn.Module = several([conv(c1, c1, k, s, g=c1, act=False), conv(c1, out, act=False)]) if s == 2 else nn.Identity()
    chain = several([ghost(c1, h), middle, ghost(h, out, act=False)])
    return Part(lambda m, x: m.conv(x) + m.shortcut(x), conv=chain, shortcut=around)


def light_down(c1: int, out: int, k: int, s: int) -> Part:
    """SCDown."""
    return Part(lambda m, x: m.cv2(m.cv1(x)), cv1=conv(c1, out), cv2=conv(out, out, k, s, g=out, act=False))


def transposed(c1: int, out: int) -> Part:
    layer = nn.ConvTranspose2d(c1, out, 2, 2, bias=False)
    return Part(lambda m, x: F.silu(m.bn(m.conv_transpose(x))), conv_transpose=layer, bn=nn.BatchNorm2d(out, 1e-3))


def depthwise(c1: int, out: int, k: int, s: int) -> Part:
    return conv(c1, out, k, s, g=gcd(c1, out))


def classify(c1: int, out: int) -> Part:
    parts = {"conv": conv(c1, 1280), "linear": nn.Linear(1280, out)}
    return Part(lambda m, x: m.linear(m.conv(x).mean((2, 3))), **parts)


def branch(c1: int, mid: int, out: int) -> nn.Sequential:
    return several([conv(c1, mid, 3), conv(mid, mid, 3), nn.Conv2d(mid, out, 1)])


def light_branch(c1: int, mid: int, out: int) -> nn.Sequential:
    first = several([conv(c1, c1, 3, g=c1), conv(c1, mid)])
    return several([first, several([conv(mid, mid, 3, g=mid), conv(mid, mid)]), nn.Conv2d(mid, out, 1)])


def detect(widths: Sequence[int], classes: int, coefficients: int = 0, masks: int = 0, twice: bool = False) -> Part:
    """Maps per level, coefficients and mask prototypes if there are some, and the sides of boxes as means of distributions.
    `twice`: a second head of light branches, whose boxes are decoded."""
    box, score, mid = max(16, widths[0] // 4, 64), max(widths[0], min(classes, 100)), max(widths[0] // 4, coefficients)
    heads = {}
    for prefix in ("", "one2one_")[: 1 + twice]:
        heads[f"{prefix}cv2"] = nn.ModuleList([branch(w, box, 64) for w in widths])
        heads[f"{prefix}cv3"] = nn.ModuleList([(light_branch if twice else branch)(w, score, classes) for w in widths])
    more = {"cv4": nn.ModuleList([branch(w, mid, coefficients) for w in widths])} if coefficients else {}
    more |= {"proto": proto(widths[0], masks, coefficients)} if masks else {}

    def run(m: Any, maps: Sequence[Tensor]) -> list[Tensor]:
        levels: list[Tensor] = []
        for prefix in ("", "one2one_")[: 1 + twice]:
            boxes = [part(x) for part, x in zip(getattr(m, f"{prefix}cv2"), maps, strict=True)]
            scores = [part(x) for part, x in zip(getattr(m, f"{prefix}cv3"), maps, strict=True)]
            levels += [torch.cat(pair, 1) for pair in zip(boxes, scores, strict=True)]
        extra = [part(x) for part, x in zip(m.cv4, maps, strict=True)] if coefficients else []
        extra += [m.proto(maps[0])] if masks else []
        bins = torch.cat([b.flatten(2) for b in boxes], 2).unflatten(1, (4, 16)).softmax(2)
        return [*levels, *extra, (bins * m.dfl.conv.weight.reshape(1, 1, 16, 1)).sum(2)]

    return Part(run, **heads, **more, dfl=Part(lambda m, x: x, conv=nn.Conv2d(16, 1, 1, bias=False)))


def anchored_masks(widths: Sequence[int], out: int, mid: int, masks: int) -> Part:
    """A map per level, and prototypes of masks on a map that is grown by repeating."""
    parts = {"cv1": conv(widths[0], mid, 3), "cv2": conv(mid, mid, 3), "cv3": conv(mid, masks)}
    grown = Part(lambda p, x: p.cv3(p.cv2(F.interpolate(p.cv1(x), scale_factor=2))), **parts)
    heads = nn.ModuleList([nn.Conv2d(w, out, 1) for w in widths])
    return Part(lambda p, xs: [*(head(x) for head, x in zip(p.m, xs, strict=True)), p.proto(xs[0])], m=heads, proto=grown)


def proto(c1: int, mid: int, out: int) -> Part:
    parts = {"cv1": conv(c1, mid, 3), "upsample": nn.ConvTranspose2d(mid, mid, 2, 2), "cv2": conv(mid, mid, 3)}
    return Part(lambda m, x: m.cv3(m.cv2(m.upsample(m.cv1(x)))), **parts, cv3=conv(mid, out))


def focus(c1: int, out: int, k: int) -> Part:
    """Every second row and column, four times; the rows first."""
    starts = ((0, 0), (1, 0), (0, 1), (1, 1))
    return Part(lambda m, x: m.conv(torch.cat([x[..., i::2, j::2] for i, j in starts], 1)), conv=conv(4 * c1, out, k))


def summed_ways(c1: int, out: int, n: int, e: float = 1.0) -> Part:
    """RepC3."""
    h = int(out * e)
    parts = {"cv1": conv(c1, h), "cv2": conv(c1, h), "m": several([rep(h, h) for _ in range(n)])}
    parts |= {"cv3": conv(h, out)} if h != out else {"cv3": nn.Identity()}
    return Part(lambda m, x: m.cv3(m.m(m.cv1(x)) + m.cv2(x)), **parts)
