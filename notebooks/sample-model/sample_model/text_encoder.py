"""The UMT5 text encoder. Parameter names are those of transformers' `UMT5EncoderModel`."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from sample_model.configuration import TextEncoderConfiguration

BUCKETS = 32
LARGEST_DISTANCE = 128


def relative_buckets(length: int) -> Tensor:
    """Bucket of the distance from each query (row) to each key (column): exact up to 7, logarithmic beyond, one half
    of the buckets for each side."""
    side, exact = BUCKETS // 2, BUCKETS // 4
    position = torch.arange(length)
    relative = position[None] - position[:, None]
    distance = relative.abs()
    log_ratio = torch.log(distance.float().clamp(min=1) / exact) / math.log(LARGEST_DISTANCE / exact)
    far = exact + (log_ratio * (side - exact)).long()
    return (relative > 0).long() * side + torch.where(distance < exact, distance, far.clamp(max=side - 1))


class Norm(nn.Module):
    """T5's root-mean-square norm."""

    def __init__(self, width: int):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))

    def forward(self, x: Tensor) -> Tensor:
        mean_square = x.float().pow(2).mean(-1, keepdim=True)
        return self.weight * (x * torch.rsqrt(mean_square + 1e-6)).to(x.dtype)


class SelfAttention(nn.Module):
    """Unscaled attention with a learnt bias for each bucket of distance, own to every layer in UMT5."""

    def __init__(self, configuration: TextEncoderConfiguration):
        super().__init__()
        self.heads = configuration.num_heads
        width, inner = configuration.d_model, configuration.num_heads * configuration.d_kv
        self.q = nn.Linear(width, inner, bias=False)
        self.k = nn.Linear(width, inner, bias=False)
        self.v = nn.Linear(width, inner, bias=False)
        self.o = nn.Linear(inner, width, bias=False)
        self.relative_attention_bias = nn.Embedding(BUCKETS, self.heads)

    def forward(self, x: Tensor, buckets: Tensor, padding: Tensor) -> Tensor:
        q, k, v = (layer(x).unflatten(-1, (self.heads, -1)).transpose(1, 2) for layer in (self.q, self.k, self.v))
        bias = self.relative_attention_bias(buckets).permute(2, 0, 1)[None] + padding
        attended = F.scaled_dot_product_attention(q, k, v, attn_mask=bias.to(q.dtype), scale=1.0)
        return self.o(attended.transpose(1, 2).flatten(2))


class GatedFeedForward(nn.Module):
    def __init__(self, configuration: TextEncoderConfiguration):
        super().__init__()
        self.wi_0 = nn.Linear(configuration.d_model, configuration.d_ff, bias=False)
        self.wi_1 = nn.Linear(configuration.d_model, configuration.d_ff, bias=False)
        self.wo = nn.Linear(configuration.d_ff, configuration.d_model, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return self.wo(F.gelu(self.wi_0(x), approximate="tanh") * self.wi_1(x))


class AttentionLayer(nn.Module):
    def __init__(self, configuration: TextEncoderConfiguration):
        super().__init__()
        self.SelfAttention = SelfAttention(configuration)
        self.layer_norm = Norm(configuration.d_model)

    def forward(self, x: Tensor, buckets: Tensor, padding: Tensor) -> Tensor:
        return x + self.SelfAttention(self.layer_norm(x), buckets, padding)


class FeedForwardLayer(nn.Module):
    def __init__(self, configuration: TextEncoderConfiguration):
        super().__init__()
        self.DenseReluDense = GatedFeedForward(configuration)
        self.layer_norm = Norm(configuration.d_model)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.DenseReluDense(self.layer_norm(x))


class Block(nn.Module):
    def __init__(self, configuration: TextEncoderConfiguration):
        super().__init__()
        self.layer = nn.ModuleList([AttentionLayer(configuration), FeedForwardLayer(configuration)])

    def forward(self, x: Tensor, buckets: Tensor, padding: Tensor) -> Tensor:
        attention, feed_forward = self.layer
        return feed_forward(attention(x, buckets, padding))


class Stack(nn.Module):
    def __init__(self, configuration: TextEncoderConfiguration):
        super().__init__()
        self.block = nn.ModuleList([Block(configuration) for _ in range(configuration.num_layers)])
        self.final_layer_norm = Norm(configuration.d_model)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        buckets = relative_buckets(x.shape[1]).to(x.device)
        padding = (1 - mask[:, None, None].float()) * -1e9
        for block in self.block:
            x = block(x, buckets, padding)
        return self.final_layer_norm(x)


class Umt5Encoder(nn.Module):
    def __init__(self, configuration: TextEncoderConfiguration):
        super().__init__()
        self.shared = nn.Embedding(configuration.vocab_size, configuration.d_model)
        self.encoder = Stack(configuration)

    def forward(self, ids: Tensor, mask: Tensor) -> Tensor:
        """Embeddings [text, token, width]; rows of padding are zero, as Wan's pipeline makes them."""
        states = self.encoder(self.shared(ids), mask)
        return states * mask[..., None].to(states.dtype)
