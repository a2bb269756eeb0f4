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


class Registers(nn.Module):
    """Learned tokens between a class token, which was first in the row, and the patches."""

    def __init__(self) -> None:
        super().__init__()
        self.patch, self.cls = nn.Conv2d(3, 8, 4, 4), nn.Parameter(torch.zeros(1, 1, 8))
        self.registers, self.mlp = nn.Parameter(torch.zeros(1, 4, 8)), nn.Linear(8, 8)

    def forward(self, x: Tensor) -> Tensor:
        x = self.patch(x).flatten(2).transpose(1, 2)
        x = torch.cat([self.cls.expand(x.shape[0], -1, -1), x], 1)
        x = torch.cat([x[:, :1], self.registers.expand(x.shape[0], -1, -1), x[:, 1:]], 1)
        return self.mlp(x)


class NormedPatches(nn.Module):
    """Group norms of patches, whose pixels are channels of the layer and an axis of the tensor (MobileViTV2)."""

    def __init__(self) -> None:
        super().__init__()
        self.all, self.halves, self.out = nn.GroupNorm(1, 4), nn.GroupNorm(2, 4), nn.Conv2d(4, 4, 1)

    def forward(self, x: Tensor) -> Tensor:
        patches = F.unfold(self.out(x), 2, stride=2).reshape(x.shape[0], 4, 4, -1)
        patches = self.halves(self.all(patches) * 2) + patches
        return F.fold(patches.reshape(x.shape[0], 16, -1), x.shape[-2:], 2, stride=2)


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


def shifted(x: Tensor, keys: int) -> Tensor:
    """Rows of (n, queries, distances) numbers as (n, queries, keys): padded, joined to one row, and cut elsewhere."""
    n, queries, distances = x.shape
    x = F.pad(F.pad(x, [0, 1]).flatten(1), [0, distances - queries])
    return x.reshape(n, queries + 1, distances)[:, :queries, keys - 1 :]


def apart(q: Tensor, table: Tensor, keys: int, others: int) -> Tensor:
    """A number for each query and key of a row by how far apart they are, the same for all other rows of keys."""
    n, rows, columns, _ = q.shape
    x = shifted((q @ table.t()).reshape(-1, columns, len(table)), keys)
    return x.reshape(n, rows, 1, columns, keys).expand(-1, -1, others, -1, -1)


def distances(q: Tensor, rows: Tensor, columns: Tensor, size: tuple[int, int]) -> Tensor:
    """A number for each query of (n, h, w, d) and each key of a map of some size."""
    h, w = size
    along = apart(q, columns, w, h).permute(0, 1, 3, 2, 4)
    across = apart(q.transpose(1, 2), rows, h, w).permute(0, 3, 1, 4, 2)
    return (across + along).reshape(len(q), q.shape[1] * q.shape[2], h * w)


class Diagonals(nn.Module):
    """Channels that are distances become channels that are columns; narrow ones and wide ones are told apart."""

    def __init__(self) -> None:
        super().__init__()
        self.narrow, self.wide = nn.Conv2d(3, 5, 1), nn.Conv2d(3, 6, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        b, _, h, w = x.shape
        x = torch.cat([self.narrow(x), self.wide(x)], 1).permute(0, 2, 3, 1)
        return shifted(x.reshape(b * h, w, -1), w).reshape(b, h, w, w).permute(0, 3, 1, 2)


class RelativePositions(nn.Module):
    """Attention whose weights also depend on how far rows and columns are apart (BoTNet)."""

    def __init__(self) -> None:
        super().__init__()
        self.qkv = nn.Conv2d(3, 24, 1)
        self.rows, self.columns = nn.Parameter(torch.randn(9, 4)), nn.Parameter(torch.randn(11, 4))

    def forward(self, x: Tensor) -> Tensor:
        b, _, h, w = x.shape
        q, k, v = (part.reshape(b * 2, 4, h * w).transpose(1, 2) for part in self.qkv(x).chunk(3, 1))
        weights = q @ k.transpose(1, 2) + distances(q.reshape(b * 2, h, w, 4), self.rows, self.columns, (h, w))
        return (weights.softmax(-1) @ v).transpose(1, 2).reshape(b, 8, h, w)


class Halo(nn.Module):
    """Blocks of 4x4 queries attend to windows that reach one unit beyond them, by distances too."""

    def __init__(self) -> None:
        super().__init__()
        self.q, self.kv = nn.Conv2d(3, 8, 1), nn.Conv2d(3, 20, 1)
        self.rows, self.columns = nn.Parameter(torch.randn(11, 4)), nn.Parameter(torch.randn(11, 4))

    def forward(self, x: Tensor) -> Tensor:
        b, _, h, w = x.shape
        q = self.q(x).reshape(b * 2, 4, h // 4, 4, w // 4, 4).permute(0, 1, 3, 5, 2, 4)
        q = q.reshape(b * 2, 4, 16, -1).transpose(1, 3)
        kv = F.pad(self.kv(x), [1, 1, 1, 1]).unfold(2, 6, 4).unfold(3, 6, 4)
        k, v = kv.reshape(b * 2, 10, q.shape[1], 36).permute(0, 2, 3, 1).split([4, 6], -1)
        far = distances(q.reshape(-1, 4, 4, 4), self.rows, self.columns, (6, 6)).reshape(*q.shape[:3], 36)
        out = ((q @ k.transpose(2, 3) + far).softmax(-1) @ v).transpose(1, 3)
        return out.reshape(-1, 4, 4, h // 4, w // 4).permute(0, 3, 1, 4, 2).reshape(b, 12, h, w)


class Covariance(nn.Module):
    """Products of all pairs of channels over all positions, of which the upper triangle is kept (iSQRT-COV)."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.head = nn.Conv2d(3, 5, 3, padding=1), nn.Linear(15, 4)

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x).flatten(2)
        x = x - x.mean(2, keepdim=True)
        pairs = x @ x.transpose(1, 2) / x.shape[2]
        for _ in range(2):
            pairs = 0.5 * pairs @ (3 * torch.eye(5, device=x.device) - pairs @ pairs)
        rows, columns = torch.triu_indices(5, 5, device=x.device)
        return self.head(pairs[:, rows, columns])
