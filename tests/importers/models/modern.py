"""Networks with attention and with layer norms: ConvNeXt, shifted windows, ViT, gates of several kinds."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class ConvNeXt(nn.Module):
    """Patches, then blocks with a depthwise 7x7, a layer norm over the last axis, linear layers and a layer scale."""

    class Block(nn.Module):
        def __init__(self, wide: int) -> None:
            super().__init__()
            self.deep, self.norm = nn.Conv2d(wide, wide, 7, padding=3, groups=wide), nn.LayerNorm(wide)
            self.up, self.down, self.gamma = (
                nn.Linear(wide, 4 * wide),
                nn.Linear(4 * wide, wide),
                nn.Parameter(torch.ones(wide)),
            )

        def forward(self, x: Tensor) -> Tensor:
            y = self.norm(self.deep(x).permute(0, 2, 3, 1))
            y = self.gamma * self.down(F.gelu(self.up(y)))
            return x + y.permute(0, 3, 1, 2)

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.blocks = nn.Conv2d(3, 6, 4, 4), nn.Sequential(ConvNeXt.Block(6), ConvNeXt.Block(6))

    def forward(self, x: Tensor) -> Tensor:
        return self.blocks(self.stem(x))


class Window(nn.Module):
    """Attention within windows, shifted by half a window if asked."""

    def __init__(self, wide: int, window: int, shift: int) -> None:
        super().__init__()
        self.window, self.shift, self.heads = window, shift, 2
        self.norm, self.qkv, self.out = nn.LayerNorm(wide), nn.Linear(wide, 3 * wide), nn.Linear(wide, wide)
        self.table = nn.Parameter(torch.zeros(self.heads, window * window, window * window))

    def forward(self, x: Tensor) -> Tensor:
        b, h, w, c = x.shape
        n, y = self.window, self.norm(x)
        y = torch.roll(y, (-self.shift, -self.shift), (1, 2)) if self.shift else y
        y = y.view(b, h // n, n, w // n, n, c).permute(0, 1, 3, 2, 4, 5).reshape(-1, n * n, c)
        q, k, v = self.qkv(y).reshape(-1, n * n, 3, self.heads, c // self.heads).permute(2, 0, 3, 1, 4)
        weights = (q * (c // self.heads) ** -0.5) @ k.transpose(-2, -1) + self.table
        y = (weights.softmax(-1) @ v).transpose(1, 2).reshape(-1, n * n, c)
        y = self.out(y).view(b, h // n, w // n, n, n, c).permute(0, 1, 3, 2, 4, 5).reshape(b, h, w, c)
        return x + (torch.roll(y, (self.shift, self.shift), (1, 2)) if self.shift else y)


class Swin(nn.Module):
    """Plain and shifted windows of a map with channels last, then merged patches."""

    def __init__(self) -> None:
        super().__init__()
        self.patch, self.plain, self.shifted = nn.Conv2d(3, 8, 2, 2), Window(8, 4, 0), Window(8, 4, 2)
        self.merge = nn.Linear(32, 12)

    def forward(self, x: Tensor) -> Tensor:
        x = self.shifted(self.plain(self.patch(x).permute(0, 2, 3, 1)))
        x = torch.cat([x[:, 0::2, 0::2], x[:, 1::2, 0::2], x[:, 0::2, 1::2], x[:, 1::2, 1::2]], -1)
        return self.merge(x).permute(0, 3, 1, 2)


class PlainWindow(nn.Module):
    """Windows without a shift."""

    def __init__(self) -> None:
        super().__init__()
        self.patch, self.plain = nn.Conv2d(3, 8, 3, 2, 1), Window(8, 4, 0)

    def forward(self, x: Tensor) -> Tensor:
        return self.plain(self.patch(x).permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


class Vit(nn.Module):
    """Patches as tokens, a class token, torch's own encoder layer."""

    def __init__(self) -> None:
        super().__init__()
        self.patch, self.cls = nn.Conv2d(3, 8, 4, 4), nn.Parameter(torch.zeros(1, 1, 8))
        self.place = nn.Parameter(torch.zeros(1, 17, 8))
        self.layer, self.head = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True), nn.Linear(8, 5)

    def forward(self, x: Tensor) -> Tensor:
        x = self.patch(x).flatten(2).transpose(1, 2)
        x = torch.cat([self.cls.expand(x.shape[0], -1, -1), x], 1) + self.place
        return self.head(self.layer(x)[:, 0])


class TokensToMap(nn.Module):
    """Tokens without a class token go back to a map."""

    def __init__(self) -> None:
        super().__init__()
        self.patch, self.norm, self.mlp = nn.Conv2d(3, 8, 2, 2), nn.LayerNorm(8), nn.Linear(8, 8)
        self.conv = nn.Conv2d(8, 4, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.patch(x)
        b, c, h, w = x.shape
        tokens = x.flatten(2).transpose(1, 2)
        tokens = tokens + self.mlp(self.norm(tokens))
        return self.conv(tokens.transpose(1, 2).reshape(b, c, h, w))


class NonLocal(nn.Module):
    """Every position reads every other one by einsum."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.q, self.k, self.v = (nn.Conv2d(i, o, 1) for i, o in ((3, 8), (8, 4), (8, 4), (8, 8)))

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv(x)
        q, k, v = (f(x).flatten(2) for f in (self.q, self.k, self.v))
        weights = torch.einsum("bci,bcj->bij", q, k).softmax(-1)
        return x + torch.einsum("bij,bcj->bci", weights, v).view_as(x)


class Axial(nn.Module):
    """Attention along rows only: the other axis stays local."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.qkv = nn.Conv2d(3, 6, 3, padding=1), nn.Conv2d(6, 18, 1)

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = self.qkv(self.conv(x)).permute(0, 2, 3, 1).chunk(3, -1)
        return F.scaled_dot_product_attention(q, k, v).permute(0, 3, 1, 2)


class ChannelAttention(nn.Module):
    """Channels attend to channels over all positions (XCiT)."""

    def __init__(self) -> None:
        super().__init__()
        self.qkv = nn.Conv2d(3, 24, 1)

    def forward(self, x: Tensor) -> Tensor:
        b, _, h, w = x.shape
        q, k, v = self.qkv(x).reshape(b, 3, 2, 4, h * w).unbind(1)
        weights = F.normalize(q, dim=-1) @ F.normalize(k, dim=-1).transpose(-2, -1)
        return (weights.softmax(-1) @ v).reshape(b, 8, h, w)


class EfficientChannel(nn.Module):
    """A 1-D convolution across pooled channels (ECA)."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.conv = nn.Conv2d(3, 8, 3, padding=1), nn.Conv1d(1, 1, 3, padding=1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        y = x.mean((2, 3)).view(x.shape[0], 1, -1)
        return x * self.conv(y).view(x.shape[0], -1, 1, 1).sigmoid().expand_as(x)


class SpatialGate(nn.Module):
    """A gate from the mean and the maximum over the channels (CBAM)."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.gate = nn.Conv2d(3, 8, 3, padding=1), nn.Conv2d(2, 1, 7, padding=3)

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        told = torch.cat([x.mean(1, keepdim=True), x.max(1, keepdim=True)[0]], 1)
        return x * torch.sigmoid(self.gate(told))


class SelectiveKernel(nn.Module):
    """Branches weighted by a softmax over the branches."""

    def __init__(self) -> None:
        super().__init__()
        self.branches = nn.ModuleList([nn.Conv2d(3, 6, 3, padding=1), nn.Conv2d(3, 6, 3, padding=2, dilation=2)])
        self.squeeze, self.select = nn.Conv2d(6, 4, 1), nn.Conv2d(4, 12, 1)

    def forward(self, x: Tensor) -> Tensor:
        maps = torch.stack([branch(x) for branch in self.branches], 1)
        weight = self.select(self.squeeze(maps.sum(1).mean((2, 3), keepdim=True)))
        weight = weight.view(x.shape[0], 2, 6, 1, 1).softmax(1)
        return (maps * weight).sum(1)


class Coordinate(nn.Module):
    """Pooled rows and pooled columns gate the map (coordinate attention)."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.rows, self.columns = nn.Conv2d(3, 6, 3, padding=1), nn.Conv2d(6, 6, 1), nn.Conv2d(6, 6, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv(x)
        rows, columns = x.mean(3, keepdim=True), x.mean(2, keepdim=True)
        return x * self.rows(rows).sigmoid() * self.columns(columns).sigmoid()


class Mixer(nn.Module):
    """Linear layers across positions, then across channels."""

    def __init__(self) -> None:
        super().__init__()
        self.patch, self.tokens, self.channels = nn.Conv2d(3, 8, 4, 4), nn.Linear(16, 16), nn.Linear(8, 8)

    def forward(self, x: Tensor) -> Tensor:
        y = self.patch(x).flatten(2)
        y = y + self.tokens(y)
        y = y.transpose(1, 2)
        return y + self.channels(y)
