"""Goldens of the samplers, from the schedulers of diffusers.

schedule/samplers.json   for each case its sigmas and timesteps, latents to start from, and where
                         they end under the made-up model v = sin(1.3 x + t / 300)
"""

import numpy as np
import torch
from diffusers import FlowMatchEulerDiscreteScheduler, UniPCMultistepScheduler

from golden_files import GOLDENS, write_json

ELEMENTS = 12


def unipc(shift: float, order: int) -> UniPCMultistepScheduler:
    return UniPCMultistepScheduler(
        prediction_type="flow_prediction",
        use_flow_sigmas=True,
        flow_shift=shift,
        solver_order=order,
    )


def grid_below_one(steps: int) -> np.ndarray:
    """The unshifted sigmas of diffusers up to 0.36, which later versions take as an argument."""
    return np.flip(1 - np.linspace(1, 1 / 1000, steps + 1))[:-1].copy()


def case(scheduler, **parameters) -> dict:
    start = torch.randn(1, ELEMENTS)
    latents = start
    scheduler.set_begin_index(0)
    for timestep in scheduler.timesteps:
        velocity = torch.sin(1.3 * latents + timestep.float() / 300)
        latents = scheduler.step(velocity, timestep, latents, return_dict=False)[0]
    return {
        **parameters,
        "sigmas": scheduler.sigmas.tolist(),
        "timesteps": scheduler.timesteps.tolist(),
        "start": start[0].tolist(),
        "end": latents[0].tolist(),
    }


def unipc_cases() -> list[dict]:
    cases = []
    for steps, shift, order in (
        (1, 3.0, 2),
        (2, 3.0, 2),
        (3, 1.0, 2),
        (6, 3.0, 2),
        (10, 5.0, 1),
        (16, 3.0, 2),
        (25, 12.0, 2),
        (50, 5.0, 2),
    ):
        for grid in ("from_one", "below_one"):
            scheduler = unipc(shift, order)
            if grid == "from_one":
                scheduler.set_timesteps(steps)
            else:
                scheduler.set_timesteps(sigmas=grid_below_one(steps))
            cases.append(case(scheduler, steps=steps, shift=shift, order=order, grid=grid))
    return cases


def euler_cases() -> list[dict]:
    cases = []
    for steps, shift in ((1, 3.0), (2, 1.0), (7, 3.0), (30, 8.0)):
        scheduler = FlowMatchEulerDiscreteScheduler(shift=shift)
        scheduler.set_timesteps(steps)
        cases.append(case(scheduler, steps=steps, shift=shift))
    return cases


def main() -> None:
    torch.manual_seed(0)
    write_json(
        GOLDENS / "schedule/samplers.json",
        {"unipc": unipc_cases(), "euler": euler_cases()},
    )


if __name__ == "__main__":
    main()
