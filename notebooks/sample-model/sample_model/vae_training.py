"""Training of the autoencoder: on small windows first, on whole clips last.

Without the last stage the colours drift after the frames that it has seen (28 dB on 65 frames after training on 33).
"""

import copy
import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from sample_model.clips import Window, draw_clips, render, to_signed
from sample_model.configuration import Configuration, VaeStage
from sample_model.judge import judge, pass_rates
from sample_model.training import LOG_EVERY, Run, TrainingClock, set_learning_rate, update_average, warm_up
from sample_model.vae import AttentionBlock, ResidualBlock, WanVae

RENDER_PIXELS = 128 * 64 * 64
UNSEEN_CLIPS = 32


@dataclass(frozen=True)
class Batch:
    """`pixels` in -1 .. 1, and `weight` of each pixel in the loss: 4 on and around the object, else 1."""

    pixels: Tensor
    weight: Tensor


class WindowPool:
    """Windows of many clips, drawn once and kept on the device as bytes: three colours and the mask of the object."""

    def __init__(self, stage: VaeStage, configuration: Configuration, run: Run):
        window = Window(stage.frames, stage.side)
        at_once = max(1, RENDER_PIXELS // stage.side**2)
        parts = []
        for first in range(0, stage.clips, at_once):
            clips = draw_clips(min(at_once, stage.clips - first), run.source)
            drawn = render(clips, configuration.frames, configuration.side, run.device, run.source, window)
            mask = (drawn.coverage > 0).to(torch.bfloat16 if run.on_gpu else torch.float32)
            near = F.max_pool3d(mask, (1, 9, 9), 1, (0, 4, 4)).byte()
            parts.append(torch.cat([drawn.pixels, near], 1))
        self.windows = torch.cat(parts)

    def draw(self, count: int) -> Batch:
        chosen = self.windows[torch.randint(0, len(self.windows), (count,), device=self.windows.device)]
        pixels = to_signed(chosen[:, :3]).contiguous(memory_format=torch.channels_last_3d)
        return Batch(pixels, 1 + 3 * chosen[:, 3:].float())


@dataclass(frozen=True)
class VaeLoss:
    total: Tensor
    square_error: Tensor
    kl: Tensor


def vae_loss(vae: WanVae, batch: Batch, kl_weight: float, run: Run) -> VaeLoss:
    """Reconstruction from latents with extra noise, so that the decoder forgives what the transformer gets wrong."""
    with run.autocast():
        mean, log_variance = (part.float() for part in vae.encode(batch.pixels))
        spread = mean.detach().std((0, 2, 3, 4), keepdim=True)
        extra = torch.rand(len(mean), 1, 1, 1, 1, device=run.device) * 0.25 * spread
        noise = torch.randn_like(mean) * (log_variance.exp() + extra * extra).sqrt()
        decoded = vae.decode(mean + noise).float()
    error = decoded - batch.pixels
    square_error = error * error
    kl = 0.5 * (mean**2 + log_variance.exp() - 1 - log_variance).mean()
    reconstruction = (batch.weight * (error.abs() + 2 * square_error)).mean()
    return VaeLoss(reconstruction + kl_weight * kl, square_error.mean(), kl)


def decibels(square_error: Tensor) -> Tensor:
    """PSNR of a mean square error on the range -1 .. 1."""
    return 10 * torch.log10(4 / square_error)


def train_vae(configuration: Configuration, run: Run) -> WanVae:
    """Trains for the seconds of the stages and returns the moving average of the parameters."""
    torch.manual_seed(0)
    vae = WanVae(configuration.vae).to(run.device)
    _shrink_residual_branches(vae)
    average = copy.deepcopy(vae).requires_grad_(False)
    run.log(f"autoencoder of {sum(p.numel() for p in vae.parameters()):,} parameters")
    step = 0
    for cycle, top_rate in enumerate(configuration.vae_learning_rates):
        stages = [stage for stage in configuration.vae_stages if stage.cycle == cycle]
        vae.load_state_dict(average.state_dict())
        step = _train_cycle(vae, average, stages, top_rate, step, configuration, run)
    average.eval()
    _report(average, configuration, run, step)
    return average


def _train_cycle(
    vae: WanVae,
    average: WanVae,
    stages: list[VaeStage],
    top_rate: float,
    step: int,
    configuration: Configuration,
    run: Run,
) -> int:
    """One warm-up and cosine decay over the stages; returns the number of the step after it."""
    total_seconds = sum(stage.seconds for stage in stages)
    optimizer = torch.optim.AdamW(vae.parameters(), top_rate, betas=(0.9, 0.98), weight_decay=1e-4, fused=run.on_gpu)
    first_step, seconds_before = step, 0.0
    for stage in stages:
        pool = WindowPool(stage, configuration, run)
        clock = TrainingClock(run)
        while clock.seconds < stage.seconds:
            share = (seconds_before + clock.seconds) / total_seconds
            rate = top_rate * warm_up(step - first_step) * (0.505 + 0.5 * math.cos(math.pi * share))
            set_learning_rate(optimizer, rate)
            loss = vae_loss(vae, pool.draw(stage.batch), configuration.kl_weight, run)
            optimizer.zero_grad()
            loss.total.backward()
            torch.nn.utils.clip_grad_norm_(vae.parameters(), 1.0)
            optimizer.step()
            step += 1
            update_average(average, vae, step)
            clock.after_step(step)
            if step % LOG_EVERY == 0:
                run.log(
                    f"autoencoder step {step}, windows {stage.frames} x {stage.side}: "
                    f"PSNR {decibels(loss.square_error).item():.1f} dB, KL {loss.kl.item():.2f}, rate {rate:.1e}"
                )
        seconds_before += clock.seconds
    return step


@torch.no_grad()
def _shrink_residual_branches(vae: WanVae) -> None:
    for module in vae.modules():
        if isinstance(module, ResidualBlock):
            module.conv2.weight.mul_(0.2)
        if isinstance(module, AttentionBlock):
            module.proj.weight.mul_(0.2)


@torch.no_grad()
def _report(vae: WanVae, configuration: Configuration, run: Run, steps: int) -> None:
    """PSNR and verdicts on reconstructions of whole clips that the training has not seen."""
    clips = draw_clips(UNSEEN_CLIPS, run.source)
    drawn = render(clips, configuration.frames, configuration.side, run.device, run.source)
    errors, verdicts = [], []
    for first in range(0, UNSEEN_CLIPS, 4):
        pixels = to_signed(drawn.pixels[first : first + 4])
        with run.autocast():
            decoded = vae.decode(vae.encode(pixels)[0]).float().clamp(-1, 1)
        errors.append((decoded - pixels).pow(2).mean((1, 3, 4)))
        verdicts += [judge(video, clip) for video, clip in zip(decoded, clips[first : first + 4])]
    error = torch.cat(errors)
    quarters = [round(decibels(part.mean()).item(), 1) for part in error.chunk(4, 1)]
    run.log(
        f"autoencoder after {steps} steps: PSNR {decibels(error.mean(1)).mean().item():.2f} dB on {UNSEEN_CLIPS} "
        f"unseen whole clips, by quarter of the clip {quarters}, pass rates {pass_rates(verdicts)}"
    )
