"""What the training of the autoencoder and of the transformer share."""

import random
import time
from dataclasses import dataclass, field

import torch
from torch import nn

LOG_EVERY = 200
WARM_UP_STEPS = 100
SYNCHRONISE_EVERY = 10
AVERAGE_LIMIT = 0.998


@dataclass
class Run:
    """Where a training runs: its device, its random numbers and its clock."""

    device: str
    source: random.Random
    started: float = field(default_factory=time.time)

    @property
    def on_gpu(self) -> bool:
        return self.device == "cuda"

    def autocast(self) -> torch.autocast:
        """bf16 on a GPU, fp32 on a CPU."""
        return torch.autocast(self.device, torch.bfloat16, enabled=self.on_gpu)

    def synchronise(self) -> None:
        if self.on_gpu:
            torch.cuda.synchronize()

    def log(self, message: str) -> None:
        print(f"[{time.time() - self.started:6.1f} s] {message}", flush=True)


class TrainingClock:
    """Seconds spent in training steps: the work of the device included, pauses and compilation left out."""

    def __init__(self, run: Run):
        self.run = run
        self.seconds = 0.0
        self.restart()

    def restart(self) -> None:
        """Forgets the time since the last step."""
        self.run.synchronise()
        self.last = time.time()

    def after_step(self, step: int) -> None:
        if step % SYNCHRONISE_EVERY == 0:
            self.run.synchronise()
        now = time.time()
        self.seconds += now - self.last
        self.last = now


def warm_up(step: int) -> float:
    """Factor of the learning rate in step 0, 1, ..."""
    return min(1.0, (step + 1) / WARM_UP_STEPS)


def set_learning_rate(optimizer: torch.optim.Optimizer, rate: float) -> None:
    for group in optimizer.param_groups:
        group["lr"] = rate


@torch.no_grad()
def update_average(average: nn.Module, network: nn.Module, step: int) -> None:
    """Moves the moving average of the parameters towards them, faster in the first steps."""
    decay = min(AVERAGE_LIMIT, step / (step + 10))
    torch._foreach_lerp_(list(average.parameters()), [p.detach() for p in network.parameters()], 1 - decay)
