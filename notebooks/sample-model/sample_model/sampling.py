"""From captions to clips: Euler steps of the flow with classifier-free guidance, then the decoder."""

from dataclasses import dataclass

import torch
from torch import Tensor

from sample_model.checkpoint import GENERATION_STEPS, GUIDANCE_SCALE, SampleModel
from sample_model.tokenizer import encode_texts

SAMPLE_BATCH = 16
DECODE_BATCH = 4


@dataclass(frozen=True)
class SamplerSettings:
    steps: int = GENERATION_STEPS
    guidance: float = GUIDANCE_SCALE
    shift: float = 3.0
    seed: int = 0


def flow_sigmas(steps: int, shift: float) -> list[float]:
    """Noise levels from 1 to 0, one more than steps, pushed towards 1 by the shift."""
    sigmas = torch.linspace(1, 0, steps + 1)
    return (shift * sigmas / (1 + (shift - 1) * sigmas)).tolist()


@torch.no_grad()
def sample(
    model: SampleModel, captions: list[str], latent_frames: int, settings: SamplerSettings, device: str
) -> list[Tensor]:
    """One video [3, frame, y, x] in -1 .. 1 for each caption; bf16 where the device is a GPU."""
    noise_source = torch.Generator("cpu").manual_seed(settings.seed)
    side = model.settings.height // 8
    channels = len(model.statistics.mean)
    sigmas = flow_sigmas(settings.steps, settings.shift)
    videos = []
    for first in range(0, len(captions), SAMPLE_BATCH):
        batch = captions[first : first + SAMPLE_BATCH]
        count = len(batch)
        x = torch.randn(count, channels, latent_frames, side, side, generator=noise_source).to(device)
        with torch.autocast(device, torch.bfloat16, enabled=device == "cuda"):
            texts = batch + [""] * count
            ids, mask = encode_texts(model.tokenizer, texts, model.settings.max_sequence_length, device)
            text = model.text_encoder(ids, mask)
            for sigma, next_sigma in zip(sigmas, sigmas[1:]):
                timesteps = torch.full((2 * count,), sigma * 1000, device=device)
                velocity = model.transformer(torch.cat([x, x]), timesteps, text).float()
                guided, free = velocity.chunk(2)
                x = x + (next_sigma - sigma) * (free + settings.guidance * (guided - free))
            for latents in model.statistics.restore(x).split(DECODE_BATCH):
                videos += list(model.vae.decode(latents).float().clamp(-1, 1).cpu())
    return videos
