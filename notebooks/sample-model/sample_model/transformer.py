"""The Wan2.1 diffusion transformer. Parameter names are those of diffusers' `WanTransformer3DModel`."""

import math
from functools import lru_cache

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from sample_model.configuration import TransformerConfiguration

EPSILON = 1e-6


@lru_cache(maxsize=4)
def rotary_table(head_dim: int, frames: int, height: int, width: int, device: str) -> tuple[Tensor, Tensor]:
    """Cosine and sine of each token's angles, [token, 1, head_dim / 2]: first those of time, then of y, then of x."""
    spatial_dim = 2 * (head_dim // 6)

    def angles(positions: int, dim: int) -> Tensor:
        frequency = 1 / 1e4 ** (torch.arange(0, dim, 2, dtype=torch.float64) / dim)
        return torch.outer(torch.arange(positions, dtype=torch.float64), frequency)

    grid = (frames, height, width)
    t = angles(frames, head_dim - 2 * spatial_dim)[:, None, None].expand(*grid, -1)
    y = angles(height, spatial_dim)[None, :, None].expand(*grid, -1)
    x = angles(width, spatial_dim)[None, None].expand(*grid, -1)
    all_angles = torch.cat([t, y, x], -1).reshape(math.prod(grid), 1, -1)
    return all_angles.cos().float().to(device), all_angles.sin().float().to(device)


def rotate(x: Tensor, table: tuple[Tensor, Tensor]) -> Tensor:
    """Turns each pair of neighbouring channels of [batch, token, head, dimension] by its angle."""
    a, b = x.float().unflatten(-1, (-1, 2)).unbind(-1)
    cos, sin = table
    return torch.stack([a * cos - b * sin, a * sin + b * cos], -1).flatten(-2).to(x.dtype)


class Attention(nn.Module):
    def __init__(self, width: int, heads: int):
        super().__init__()
        self.heads = heads
        self.to_q = nn.Linear(width, width)
        self.to_k = nn.Linear(width, width)
        self.to_v = nn.Linear(width, width)
        self.to_out = nn.ModuleList([nn.Linear(width, width), nn.Identity()])
        self.norm_q = nn.RMSNorm(width, eps=EPSILON)
        self.norm_k = nn.RMSNorm(width, eps=EPSILON)

    def forward(self, x: Tensor, context: Tensor, table: tuple[Tensor, Tensor] | None = None) -> Tensor:
        """Attention of `x` over `context`, with rotated queries and keys where there is a table."""
        projections = (self.norm_q(self.to_q(x)), self.norm_k(self.to_k(context)), self.to_v(context))
        q, k, v = (projection.unflatten(-1, (self.heads, -1)) for projection in projections)
        if table is not None:
            q, k = rotate(q, table), rotate(k, table)
        attended = F.scaled_dot_product_attention(q.transpose(1, 2), k.transpose(1, 2), v.transpose(1, 2))
        return self.to_out[0](attended.transpose(1, 2).flatten(2))


class Projection(nn.Module):
    def __init__(self, inputs: int, outputs: int):
        super().__init__()
        self.proj = nn.Linear(inputs, outputs)

    def forward(self, x: Tensor) -> Tensor:
        return F.gelu(self.proj(x), approximate="tanh")


class FeedForward(nn.Module):
    def __init__(self, width: int, inner: int):
        super().__init__()
        self.net = nn.Sequential(Projection(width, inner), nn.Identity(), nn.Linear(inner, width))

    def forward(self, x: Tensor) -> Tensor:
        return self.net(x)


class Block(nn.Module):
    def __init__(self, configuration: TransformerConfiguration):
        super().__init__()
        self.width = configuration.width
        self.attn1 = Attention(self.width, configuration.num_attention_heads)
        self.attn2 = Attention(self.width, configuration.num_attention_heads)
        self.norm2 = nn.LayerNorm(self.width, EPSILON)
        self.ffn = FeedForward(self.width, configuration.ffn_dim)
        self.scale_shift_table = nn.Parameter(torch.randn(1, 6, self.width) / self.width**0.5)

    def forward(self, x: Tensor, context: Tensor, modulation: Tensor, table: tuple[Tensor, Tensor]) -> Tensor:
        shift1, scale1, gate1, shift2, scale2, gate2 = (self.scale_shift_table + modulation).chunk(6, 1)
        y = self._norm(x) * (1 + scale1) + shift1
        x = x + self.attn1(y, y, table) * gate1
        x = x + self.attn2(self.norm2(x), context)
        return x + self.ffn(self._norm(x) * (1 + scale2) + shift2) * gate2

    def _norm(self, x: Tensor) -> Tensor:
        return F.layer_norm(x, (self.width,), eps=EPSILON)


class TwoLinear(nn.Module):
    def __init__(self, inputs: int, outputs: int):
        super().__init__()
        self.linear_1 = nn.Linear(inputs, outputs)
        self.linear_2 = nn.Linear(outputs, outputs)


class ConditionEmbedder(nn.Module):
    """Timesteps and text to the transformer's width."""

    def __init__(self, configuration: TransformerConfiguration):
        super().__init__()
        width = configuration.width
        self.frequencies = configuration.freq_dim // 2
        self.time_embedder = TwoLinear(configuration.freq_dim, width)
        self.time_proj = nn.Linear(width, 6 * width)
        self.text_embedder = TwoLinear(configuration.text_dim, width)

    def time(self, timesteps: Tensor) -> Tensor:
        exponent = torch.arange(self.frequencies, device=timesteps.device) / self.frequencies
        angles = timesteps.float()[:, None] * torch.exp(-math.log(1e4) * exponent)
        features = torch.cat([angles.cos(), angles.sin()], -1)
        return self.time_embedder.linear_2(F.silu(self.time_embedder.linear_1(features)))

    def modulation(self, time: Tensor) -> Tensor:
        """[batch, 6, width]: shift, scale and gate of attention, then of the feed-forward layer."""
        return self.time_proj(F.silu(time)).unflatten(1, (6, -1))

    def text(self, states: Tensor) -> Tensor:
        return self.text_embedder.linear_2(F.gelu(self.text_embedder.linear_1(states), approximate="tanh"))


class WanTransformer(nn.Module):
    def __init__(self, configuration: TransformerConfiguration):
        super().__init__()
        self.configuration = configuration
        width, patch = configuration.width, configuration.patch_size
        self.patch_embedding = nn.Conv3d(configuration.in_channels, width, patch, patch)
        self.condition_embedder = ConditionEmbedder(configuration)
        self.blocks = nn.ModuleList([Block(configuration) for _ in range(configuration.num_layers)])
        self.proj_out = nn.Linear(width, configuration.out_channels * math.prod(patch))
        self.scale_shift_table = nn.Parameter(torch.randn(1, 2, width) / width**0.5)

    def forward(self, latents: Tensor, timesteps: Tensor, text: Tensor) -> Tensor:
        """Velocity of the flow at `latents` [batch, channel, frame, y, x] and `timesteps` [batch] in 0 .. 1000."""
        patch = self.configuration.patch_size
        grid = tuple(size // side for size, side in zip(latents.shape[2:], patch))
        table = rotary_table(self.configuration.attention_head_dim, *grid, str(latents.device))

        x = self.patch_embedding(latents).flatten(2).transpose(1, 2).contiguous().to(self.scale_shift_table.dtype)
        time = self.condition_embedder.time(timesteps)
        modulation = self.condition_embedder.modulation(time)
        context = self.condition_embedder.text(text)
        for block in self.blocks:
            x = block(x, context, modulation, table)

        shift, scale = (self.scale_shift_table + time[:, None]).chunk(2, 1)
        x = self.proj_out(F.layer_norm(x, (self.configuration.width,), eps=EPSILON) * (1 + scale) + shift)
        patches = x.unflatten(1, grid).unflatten(-1, (*patch, -1))
        return patches.permute(0, 7, 1, 4, 2, 5, 3, 6).reshape(len(latents), -1, *latents.shape[2:])
