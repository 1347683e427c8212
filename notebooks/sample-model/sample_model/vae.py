"""The Wan2.1 video autoencoder, causal in time.

Written over whole clips, which gives what diffusers computes frame by frame with caches. Parameter names are those of
diffusers' `AutoencoderKLWan`. Video tensors are [batch, channel, frame, y, x]; frame 0 stands alone, every four
frames after it share one latent frame.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from sample_model.configuration import VaeConfiguration

RGB = 3


def per_frame(module: nn.Module, x: Tensor) -> Tensor:
    """Applies a module for pictures to every frame."""
    batch, frames = x.shape[0], x.shape[2]
    pictures = module(x.transpose(1, 2).flatten(0, 1))
    return pictures.unflatten(0, (batch, frames)).transpose(1, 2)


class CausalConv3d(nn.Conv3d):
    """Convolution that sees the present and past frames; zeros around the picture and before frame 0."""

    def forward(self, x: Tensor) -> Tensor:
        time, height, width = self.kernel_size
        padding = (width // 2, width // 2, height // 2, height // 2, time - 1, 0)
        return F.conv3d(F.pad(x, padding), self.weight, self.bias)


class ChannelNorm(nn.Module):
    """Root-mean-square norm over channels; `gamma` has `axes` trailing axes of size one."""

    def __init__(self, channels: int, axes: int = 3):
        super().__init__()
        self.gamma = nn.Parameter(torch.ones(channels, *[1] * axes))
        self.scale = channels**0.5

    def forward(self, x: Tensor) -> Tensor:
        return F.normalize(x.float(), dim=1).to(x.dtype) * self.scale * self.gamma


class ResidualBlock(nn.Module):
    def __init__(self, inputs: int, outputs: int):
        super().__init__()
        self.norm1 = ChannelNorm(inputs)
        self.conv1 = CausalConv3d(inputs, outputs, 3)
        self.norm2 = ChannelNorm(outputs)
        self.conv2 = CausalConv3d(outputs, outputs, 3)
        self.conv_shortcut = CausalConv3d(inputs, outputs, 1) if inputs != outputs else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        y = self.conv1(F.silu(self.norm1(x)))
        return self.conv_shortcut(x) + self.conv2(F.silu(self.norm2(y)))


class AttentionBlock(nn.Module):
    """One head of attention among the pixels of each frame."""

    def __init__(self, channels: int):
        super().__init__()
        self.norm = ChannelNorm(channels, axes=2)
        self.to_qkv = nn.Conv2d(channels, 3 * channels, 1)
        self.proj = nn.Conv2d(channels, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        return x + per_frame(self._attend, x)

    def _attend(self, pictures: Tensor) -> Tensor:
        qkv = self.to_qkv(self.norm(pictures)).flatten(2).transpose(1, 2).unsqueeze(1)
        attended = F.scaled_dot_product_attention(*qkv.chunk(3, -1))
        return self.proj(attended.squeeze(1).transpose(1, 2).reshape(pictures.shape))


class MidBlock(nn.Module):
    def __init__(self, channels: int):
        super().__init__()
        self.attentions = nn.ModuleList([AttentionBlock(channels)])
        self.resnets = nn.ModuleList([ResidualBlock(channels, channels), ResidualBlock(channels, channels)])

    def forward(self, x: Tensor) -> Tensor:
        return self.resnets[1](self.attentions[0](self.resnets[0](x)))


class SpatialUpsample(nn.Module):
    """Doubles the sides, halves the channels."""

    def __init__(self, channels: int):
        super().__init__()
        double = nn.Upsample(scale_factor=2.0, mode="nearest-exact")
        self.resample = nn.Sequential(double, nn.Conv2d(channels, channels // 2, 3, padding=1))

    def forward(self, x: Tensor) -> Tensor:
        return per_frame(self.resample, x)


class Upsample(SpatialUpsample):
    """Also turns every frame after frame 0 into two."""

    def __init__(self, channels: int):
        super().__init__(channels)
        self.time_conv = CausalConv3d(channels, 2 * channels, (3, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        if x.shape[2] > 1:
            pairs = self.time_conv(x[:, :, 1:]).unflatten(1, (2, -1))
            doubled = pairs.permute(0, 2, 3, 1, 4, 5).flatten(2, 3)
            x = torch.cat([x[:, :, :1], doubled], 2)
        return super().forward(x)


class SpatialDownsample(nn.Module):
    """Halves the sides."""

    def __init__(self, channels: int):
        super().__init__()
        self.resample = nn.Sequential(nn.ZeroPad2d((0, 1, 0, 1)), nn.Conv2d(channels, channels, 3, stride=2))

    def forward(self, x: Tensor) -> Tensor:
        return per_frame(self.resample, x)


class Downsample(SpatialDownsample):
    """Also halves the frames after frame 0."""

    def __init__(self, channels: int):
        super().__init__(channels)
        self.time_conv = nn.Conv3d(channels, channels, (3, 1, 1), stride=(2, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        x = super().forward(x)
        if x.shape[2] == 1:
            return x
        return torch.cat([x[:, :, :1], self.time_conv(x)], 2)


class UpBlock(nn.Module):
    """Residual blocks, then an upsampler, which the last block of a decoder lacks."""

    def __init__(self, inputs: int, outputs: int, residual_blocks: int, upsample: type[SpatialUpsample] | None):
        super().__init__()
        widths = [inputs] + [outputs] * residual_blocks
        self.resnets = nn.ModuleList([ResidualBlock(width, outputs) for width in widths])
        self.upsamplers = nn.ModuleList([upsample(outputs)] if upsample else [])

    def forward(self, x: Tensor) -> Tensor:
        for layer in (*self.resnets, *self.upsamplers):
            x = layer(x)
        return x


class Encoder(nn.Module):
    def __init__(self, configuration: VaeConfiguration):
        super().__init__()
        widths = [configuration.base_dim * factor for factor in (1, *configuration.dim_mult)]
        self.conv_in = CausalConv3d(RGB, widths[0], 3)
        layers = []
        for level, (inputs, outputs) in enumerate(zip(widths, widths[1:])):
            for block in range(configuration.num_res_blocks):
                layers.append(ResidualBlock(outputs if block else inputs, outputs))
            if level < len(configuration.temperal_downsample):
                temporal = configuration.temperal_downsample[level]
                layers.append((Downsample if temporal else SpatialDownsample)(outputs))
        self.down_blocks = nn.ModuleList(layers)
        self.mid_block = MidBlock(widths[-1])
        self.norm_out = ChannelNorm(widths[-1])
        self.conv_out = CausalConv3d(widths[-1], 2 * configuration.z_dim, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv_in(x)
        for layer in self.down_blocks:
            x = layer(x)
        return self.conv_out(F.silu(self.norm_out(self.mid_block(x))))


class Decoder(nn.Module):
    def __init__(self, configuration: VaeConfiguration):
        super().__init__()
        widths = [configuration.base_dim * factor for factor in reversed(configuration.dim_mult)]
        upsamples = [
            Upsample if temporal else SpatialUpsample for temporal in reversed(configuration.temperal_downsample)
        ]
        self.conv_in = CausalConv3d(configuration.z_dim, widths[0], 3)
        self.mid_block = MidBlock(widths[0])
        # An upsampler halves the channels, so all blocks after the first get half the width before them.
        input_widths = [widths[0]] + [width // 2 for width in widths[:-1]]
        self.up_blocks = nn.ModuleList(
            UpBlock(inputs, outputs, configuration.num_res_blocks, upsample)
            for inputs, outputs, upsample in zip(input_widths, widths, [*upsamples, None])
        )
        self.norm_out = ChannelNorm(widths[-1])
        self.conv_out = CausalConv3d(widths[-1], RGB, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = self.mid_block(self.conv_in(x))
        for block in self.up_blocks:
            x = block(x)
        return self.conv_out(F.silu(self.norm_out(x)))


class WanVae(nn.Module):
    def __init__(self, configuration: VaeConfiguration):
        super().__init__()
        channels = configuration.z_dim
        self.encoder = Encoder(configuration)
        self.quant_conv = CausalConv3d(2 * channels, 2 * channels, 1)
        self.post_quant_conv = CausalConv3d(channels, channels, 1)
        self.decoder = Decoder(configuration)

    def encode(self, video: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log-variance of the latents of a video in -1 .. 1."""
        mean, log_variance = self.quant_conv(self.encoder(video)).chunk(2, 1)
        return mean, log_variance.clamp(-30, 20)

    def decode(self, latents: Tensor) -> Tensor:
        """Video of latents as `encode` gives them; not clamped."""
        return self.decoder(self.post_quant_conv(latents))
