"""Networks that read sounds: one axis of positions, channels that are sources."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class Separated(nn.Module):
    """A sound as frames, a mask for each of two sources, and each source back as a sound (Conv-TasNet)."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder, self.decoder = nn.Conv1d(1, 4, 6, 3), nn.ConvTranspose1d(4, 1, 6, 3)
        self.norm, self.inner, self.masks = nn.GroupNorm(1, 4), nn.Conv1d(4, 6, 1), nn.Conv1d(6, 8, 1)
        self.deep = nn.ModuleList(nn.Conv1d(6, 6, 3, padding=2**i, dilation=2**i, groups=6) for i in range(2))

    def forward(self, x: Tensor) -> Tensor:
        frames = torch.relu(self.encoder(x))
        y = self.inner(self.norm(frames))
        for layer in self.deep:
            y = y + torch.relu(layer(y))
        masks = torch.sigmoid(self.masks(y)).view(-1, 2, 4, frames.shape[-1])
        sources = (masks * frames.unsqueeze(1)).view(-1, 4, frames.shape[-1])
        return self.decoder(sources).view(x.shape[0], 2, -1)


class Overlapped(nn.Module):
    """Frames that overlap by half, a product for each, and their sum as a sound again."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder, self.basis = nn.Conv1d(1, 4, 6, 3, bias=False), nn.Linear(4, 6, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        frames = self.basis(torch.relu(self.encoder(x)).transpose(1, 2))
        halves = frames.view(x.shape[0], -1, 3)
        places = torch.arange(frames.shape[1] + 1, device=x.device).unfold(0, 2, 1).reshape(-1)
        sound = halves.new_zeros(x.shape[0], frames.shape[1] + 1, 3).index_add_(1, places, halves)
        return sound.view(x.shape[0], 1, -1)


class Decoded(nn.Module):
    """Frames of a video one by one, each made larger: by interpolation and by a transposed convolution."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.grow = nn.Conv3d(3, 4, (3, 1, 1), padding=(1, 0, 0)), nn.ConvTranspose2d(4, 2, 3, 2, 1, 1)

    def forward(self, x: Tensor) -> Tensor:
        frames = self.conv(x).transpose(1, 2).flatten(0, 1)
        frames = F.interpolate(self.grow(frames), scale_factor=2, mode="bilinear", align_corners=False)
        return frames.unflatten(0, (x.shape[0], -1)).transpose(1, 2)
