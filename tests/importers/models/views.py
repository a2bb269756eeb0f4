"""Networks that slice, reshape, permute and join in every way that people write."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class Strided(nn.Module):
    """Every other row and column by a slice, then a convolution."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.out = nn.Conv2d(3, 4, 3, padding=1), nn.Conv2d(4, 4, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return self.out(self.conv(x)[:, :, ::2, ::2])


class StridedChannels(nn.Module):
    """Every other channel has its own path."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.conv = nn.Conv2d(3, 8, 1), nn.Conv2d(4, 4, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        return torch.cat([x[:, ::2], self.conv(x[:, 1::2])], 1)


class Focus(nn.Module):
    """Space to depth by slices (YOLOv5)."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(12, 5, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        parts = [x[..., ::2, ::2], x[..., 1::2, ::2], x[..., ::2, 1::2], x[..., 1::2, 1::2]]
        return self.conv(torch.cat(parts, 1))


class Reorg(nn.Module):
    """Space to depth by view and permute (YOLOv2), and back."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(12, 12, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        b, c, h, w = x.shape
        x = x.view(b, c, h // 2, 2, w // 2, 2).permute(0, 3, 5, 1, 2, 4).reshape(b, 4 * c, h // 2, w // 2)
        x = self.conv(x)
        x = x.view(b, 2, 2, c, h // 2, w // 2).permute(0, 3, 4, 1, 5, 2)
        return x.reshape(b, c, h, w)


class Subpixel(nn.Module):
    """Pixel shuffle after a small network; the phases see different pixels."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = nn.Conv2d(1, 8, 5, padding=2), nn.Conv2d(8, 9, 3, padding=1)
        self.shuffle = nn.PixelShuffle(3)

    def forward(self, x: Tensor) -> Tensor:
        return self.shuffle(self.b(torch.tanh(self.a(x))))


class Unshuffle(nn.Module):
    """Pixel unshuffle, then groups of its channels."""

    def __init__(self) -> None:
        super().__init__()
        self.unshuffle, self.conv = nn.PixelUnshuffle(2), nn.Conv2d(8, 8, 3, padding=1, groups=4)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(self.unshuffle(x))


class GroupedShuffle(nn.Module):
    """torch's own channel shuffle between grouped convolutions."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.shuffle = nn.Conv2d(6, 6, 3, padding=1, groups=3), nn.ChannelShuffle(3)
        self.b = nn.Conv2d(6, 6, 3, padding=1, groups=3)

    def forward(self, x: Tensor) -> Tensor:
        return self.b(self.shuffle(self.a(x)))


class ViewMean(nn.Module):
    """Averages by a view: blocks of rows, then the whole of the columns' blocks."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.out = nn.Conv2d(3, 4, 3, padding=1), nn.Conv2d(4, 4, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv(x)
        b, c, h, w = x.shape
        return self.out(x.view(b, c, h // 4, 4, w // 4, 4).mean(dim=(3, 5)))


class Maxout(nn.Module):
    """The largest of pairs of channels."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv(x)
        return x.view(x.shape[0], 4, 2, *x.shape[2:]).amax(2)


class ChannelsLast(nn.Module):
    """A linear layer and a layer norm on the last axis of a permuted map."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.norm, self.fc = nn.Conv2d(3, 4, 3, stride=2), nn.LayerNorm(4), nn.Linear(4, 6)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv(x).permute(0, 2, 3, 1)
        return self.fc(self.norm(x)).permute(0, 3, 1, 2).contiguous()


class Swapped(nn.Module):
    """A convolution on the transposed image."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = nn.Conv2d(3, 4, (1, 5), padding=(0, 2)), nn.Conv2d(4, 4, (1, 3), padding=(0, 1))

    def forward(self, x: Tensor) -> Tensor:
        return self.b(self.a(x).transpose(2, 3)).transpose(2, 3)


class Rolled(nn.Module):
    """Parts of the channels moved by one, as in shift networks."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.out = nn.Conv2d(3, 6, 1), nn.Conv2d(6, 4, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        up, left, same = x.split((2, 2, 2), 1)
        return self.out(torch.cat([torch.roll(up, 1, 2), torch.roll(left, (0, -2), (2, 3)), same], 1))


class TimeShift(nn.Module):
    """Channels moved along time by slices that are written into zeros (TSM)."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.out = nn.Conv3d(2, 6, (1, 3, 3), padding=(0, 1, 1)), nn.Conv3d(6, 4, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        out = torch.zeros_like(x)
        out[:, :2, :-1] = x[:, :2, 1:]
        out[:, 2:4, 1:] = x[:, 2:4, :-1]
        out[:, 4:] = x[:, 4:]
        return self.out(out)


class Frames(nn.Module):
    """Frames in the batch for 2-D convolutions, then back to a video."""

    def __init__(self) -> None:
        super().__init__()
        self.frame, self.time = nn.Conv2d(3, 4, 3, padding=1), nn.Conv3d(4, 4, (3, 1, 1), padding=(1, 0, 0))

    def forward(self, x: Tensor) -> Tensor:
        b, c, t, h, w = x.shape
        x = self.frame(x.permute(0, 2, 1, 3, 4).reshape(b * t, c, h, w))
        return self.time(x.view(b, t, 4, h, w).transpose(1, 2))


class Flipped(nn.Module):
    """An image and its mirror image."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(x) + self.conv(torch.flip(x, [3]))


class Reflected(nn.Module):
    """Padding that mirrors, repeats the edge, goes around."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = nn.Conv2d(3, 4, 5), nn.Conv2d(4, 4, 3, padding=1, padding_mode="circular")
        self.c = nn.Sequential(nn.ReplicationPad2d((2, 0, 0, 1)), nn.Conv2d(4, 4, (2, 3)))

    def forward(self, x: Tensor) -> Tensor:
        return self.c(self.b(self.a(F.pad(x, (2, 2, 2, 2), mode="reflect"))))


class Cropped(nn.Module):
    """Negative padding, narrow, and a slice from the end."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        x = F.pad(self.conv(x), (-2, 1, 0, -3))
        return x.narrow(2, 1, 8)[..., -9:]


class Stacked(nn.Module):
    """Branches stacked on a new axis, which a 3-D convolution reads."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = nn.Conv2d(3, 4, 3, padding=1), nn.Conv2d(3, 4, 5, padding=2)
        self.mix = nn.Conv3d(4, 4, (2, 3, 3), padding=(0, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        return self.mix(torch.stack([self.a(x), self.b(x)], 2)).squeeze(2)


class Gathered(nn.Module):
    """Channels in another order, by an index that is stored."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 6, 3, padding=1, groups=3)
        self.register_buffer("order", torch.tensor([4, 1, 0, 5, 2, 3]))
        self.out = nn.Conv2d(6, 6, 3, padding=1, groups=2)

    def forward(self, x: Tensor) -> Tensor:
        return self.out(self.conv(x).index_select(1, self.order))


class Unfolded(nn.Module):
    """Patches by unfold, weighted by a linear layer, then folded."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(27, 8)

    def forward(self, x: Tensor) -> Tensor:
        b, _, h, w = x.shape
        patches = F.unfold(x, 3, padding=1).transpose(1, 2)
        return self.fc(patches).transpose(1, 2).reshape(b, 8, h, w)


class Windows(nn.Module):
    """Sliding windows by Tensor.unfold, then a mean."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(x).unfold(2, 4, 2).unfold(3, 3, 3).mean((-1, -2))


class Repeated(nn.Module):
    """A channel repeated, an expanded row, an interleaved map."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.out = nn.Conv2d(2, 2, 3, padding=1), nn.Conv2d(8, 4, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv(x)
        rows = x.mean(3, keepdim=True).expand(-1, -1, -1, x.shape[3])
        return self.out(torch.cat([x.repeat(1, 2, 1, 1), x.repeat_interleave(2, 1)[:, 1:3], rows], 1))


class Nearest(nn.Module):
    """Upsampling by repeat_interleave on both axes."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.out = nn.Conv2d(3, 4, 3, 2, 1), nn.Conv2d(4, 4, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return self.out(self.conv(x).repeat_interleave(2, 2).repeat_interleave(2, 3))


class Broadcast(nn.Module):
    """Rows and columns added to a map by broadcasting."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.scale = nn.Conv2d(3, 4, 3, padding=1), nn.Parameter(torch.ones(4, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv(x)
        return x * self.scale + x.amax(dim=2, keepdim=True) + x.amax(dim=3)[..., None]


class Glued(nn.Module):
    """Halves of the image worked on apart and joined along the rows."""

    def __init__(self) -> None:
        super().__init__()
        self.top, self.bottom = nn.Conv2d(3, 4, 3, padding=1), nn.Conv2d(3, 4, 5, padding=2)

    def forward(self, x: Tensor) -> Tensor:
        a, b = x.tensor_split(2, 2)
        return torch.cat([self.top(a), self.bottom(b)], 2)


class Signal(nn.Module):
    """Causal dilated 1-D convolutions whose end is cut off (TCN)."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList(nn.Conv1d(2 if not i else 4, 4, 3, padding=2 * 2**i, dilation=2**i) for i in range(3))

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers:
            y = layer(x)
            y = torch.relu(y[:, :, : -layer.padding[0]])
            x = y if x.shape[1] != y.shape[1] else x + y
        return x


class Gated(nn.Module):
    """Gated units: chunks of channels, tanh times sigmoid, and glu."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = nn.Conv1d(2, 8, 3, padding=1), nn.Conv1d(4, 8, 5, padding=2)

    def forward(self, x: Tensor) -> Tensor:
        value, gate = self.a(x).chunk(2, 1)
        return F.glu(self.b(torch.tanh(value) * torch.sigmoid(gate)), dim=1)


class Spectrum(nn.Module):
    """A 1-D signal as an image of frames, and 2-D convolutions on it."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, 4, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(x.view(x.shape[0], 1, 8, -1))


class ShuffledHalves(nn.Module):
    """Half of the channels pass a convolution and are shuffled with the others, again and again (ShuffleNetV2 by stacking)."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 12, 1)
        self.convs = nn.ModuleList([nn.Conv2d(6, 6, 3, padding=d, dilation=d) for d in (1, 2, 3)])

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        for conv in self.convs:
            left, right = x.chunk(2, 1)
            x = torch.stack([left, conv(right)], 2).flatten(1, 2)
        return x


class SplitDifferently(nn.Module):
    """Joined are channels in groups of three, in groups of two, and as they are."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b, self.c = (nn.Conv2d(3, 12, k, padding=k // 2) for k in (1, 3, 5))

    def forward(self, x: Tensor) -> Tensor:
        size = x.shape[-2:]
        a = self.a(x).unflatten(1, (4, 3)).transpose(1, 2).reshape(-1, 12, *size)
        b = self.b(x).unflatten(1, (2, 6)).transpose(1, 2).reshape(-1, 12, *size)
        return torch.stack([a, b, self.c(x)], 1).flatten(1, 2)


class Turned(nn.Module):
    """A quarter turn, half a turn and three quarters, in both directions."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b, self.c = (nn.Conv2d(n, m, (1, 3), padding=(0, 1)) for n, m in ((3, 4), (4, 4), (4, 2)))

    def forward(self, x: Tensor) -> Tensor:
        x = torch.rot90(self.a(x), 1, (2, 3))
        x = torch.rot90(self.b(x), -1, (3, 2))
        return torch.rot90(self.c(torch.rot90(x, 2, (2, 3))), 3, (2, 3))
