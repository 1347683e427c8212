"""Goldens of the video decoder, from diffusers.

Writes into src/test/resources/goldens/vae, beside which it expects to be run from any directory:

    python goldens_vae.py

For each form of AutoencoderKLWan a tiny random model as a component directory (without encoder),
with decoded.safetensors: normalised latents [C, F, h, w] and the pixels [3, T, H, W] that the real
class decodes from them.
"""

import torch
from diffusers import AutoencoderKLWan
from safetensors.torch import save_file

from golden_files import GOLDENS, METADATA

OUTPUT = GOLDENS / "vae"

LATENT_CHANNELS = 4
STATISTICS = dict(
    z_dim=LATENT_CHANNELS,
    latents_mean=[0.1, 0.2, -0.1, 0.3],
    latents_std=[1.0, 2.0, 1.5, 0.7],
)
# name: type in the file, latent (frames, rows, columns), configuration. No width is below 3: the norms
# of fewer channels come so close to 0 that dividing by them blows rounding up.
FORMS = {
    "wan21": (
        torch.float16,
        (4, 3, 2),
        dict(base_dim=4, dim_mult=[1, 1, 2, 2], num_res_blocks=1),
    ),
    "wan22": (
        torch.bfloat16,
        (4, 2, 1),
        dict(
            base_dim=1,
            decoder_base_dim=4,
            dim_mult=[1, 1, 2, 2],
            num_res_blocks=2,
            is_residual=True,
            in_channels=12,
            out_channels=12,
            patch_size=2,
            scale_factor_spatial=16,
        ),
    ),
    "frames_doubled_first": (
        torch.float32,
        (5, 3, 5),
        dict(
            base_dim=3,
            dim_mult=[1, 2, 2],
            num_res_blocks=1,
            temperal_downsample=[True, False],
            scale_factor_temporal=2,
            scale_factor_spatial=4,
        ),
    ),
}


def write(name: str, stored_as: torch.dtype, latent_size: tuple[int, int, int], sizes: dict) -> None:
    model = AutoencoderKLWan(**sizes, **STATISTICS).eval()
    for parameter, values in model.named_parameters():
        if "gamma" in parameter:
            values.add_(torch.randn_like(values) * 0.1)
        elif "to_qkv" in parameter:
            values.mul_(4)  # so that attention is far from uniform
        elif "conv_out" in parameter:
            values.mul_(0.3)  # so that pixels are not clamped
        values.copy_(values.to(stored_as))
    directory = OUTPUT / name
    directory.mkdir(parents=True, exist_ok=True)
    model.save_config(directory)
    weights = {
        key: value.to(stored_as).contiguous()
        for key, value in model.state_dict().items()
        if key.startswith(("decoder.", "post_quant_conv."))
    }
    save_file(weights, directory / "diffusion_pytorch_model.safetensors", metadata=METADATA)

    latents = torch.randn(1, LATENT_CHANNELS, *latent_size)
    mean, std = (
        torch.tensor(STATISTICS[key]).view(1, -1, 1, 1, 1) for key in ("latents_mean", "latents_std")
    )
    pixels = model.decode(latents * std + mean).sample
    print(name, tuple(pixels.shape), f"{pixels.min():.3f} to {pixels.max():.3f}")
    save_file(
        {"latents": latents[0].contiguous(), "pixels": pixels[0].contiguous()},
        directory / "decoded.safetensors",
        metadata=METADATA,
    )


def main() -> None:
    torch.manual_seed(0)
    torch.set_grad_enabled(False)
    for name, form in FORMS.items():
        write(name, *form)


if __name__ == "__main__":
    main()
