"""The captioned latents that the transformer learns from."""

import random
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from sample_model.checkpoint import LatentStatistics
from sample_model.clips import draw_clips, render, to_signed
from sample_model.configuration import Configuration
from sample_model.training import Run
from sample_model.vae import WanVae


@dataclass(frozen=True)
class CaptionedLatents:
    """`latents`: fp16 [clip, channel, frame, y, x], normalised by `statistics`. `objects`: uint8 with one channel, 1
    where a latent pixel holds some of the object."""

    latents: Tensor
    objects: Tensor
    captions: list[str]
    statistics: LatentStatistics


@torch.no_grad()
def encode_clips(vae: WanVae, configuration: Configuration, run: Run) -> CaptionedLatents:
    source = random.Random(1)
    latents, objects, captions = [], [], []
    for _ in range(0, configuration.clips, configuration.encode_batch):
        clips = draw_clips(configuration.encode_batch, source)
        drawn = render(clips, configuration.frames, configuration.side, run.device, source)
        with run.autocast():
            mean, _ = vae.encode(to_signed(drawn.pixels).contiguous(memory_format=torch.channels_last_3d))
        latents.append(mean.half())
        objects.append(_object_mask(drawn.coverage))
        captions += [clip.caption() for clip in clips]
    all_latents = torch.cat(latents)
    statistics = LatentStatistics(all_latents.float().mean((0, 2, 3, 4)), all_latents.float().std((0, 2, 3, 4)))
    for part in all_latents.split(512):
        part.copy_(statistics.normalise(part.float()))
    return CaptionedLatents(all_latents, torch.cat(objects), captions, statistics)


def _object_mask(coverage: Tensor) -> Tensor:
    """From pixels to latent pixels: frame 0 alone, then groups of four frames; squares of eight pixels."""
    mask = (coverage > 0).float()
    grouped = torch.cat([mask[:, :, :1].expand(-1, -1, 4, -1, -1), mask[:, :, 1:]], 2)
    return F.max_pool3d(grouped, (4, 8, 8)).byte()
