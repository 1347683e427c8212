"""Goldens of the Wan transformer and the whole pipeline, from diffusers and transformers.

All weights are random and stored in 16 bits; the results are computed in 32 bits from them.

wan/NAME/transformer   component directory of a tiny transformer
wan/NAME.safetensors   latents, text, one timestep for all tokens and one for each, velocities
wan/checkpoint         a whole tiny model in diffusers layout
wan/pipeline.safetensors
                       noise, and the latents and video (0 to 255) that WanPipeline makes of it
wan/low-noise          component directory of a second transformer
wan/two-experts.safetensors
                       latents that the pipeline makes with both transformers, as Wan 2.2 A14B does
"""

import copy
import json
import shutil

import torch
from diffusers import (
    AutoencoderKLWan,
    UniPCMultistepScheduler,
    WanPipeline,
    WanTransformer3DModel,
)
from safetensors.torch import save_file
from tokenizers import Tokenizer
from transformers import UMT5Config, UMT5EncoderModel

from golden_files import GOLDENS, METADATA, REPOSITORY

OUTPUT = GOLDENS / "wan"
TOKENIZER = REPOSITORY / "jobs/sample-model/tokenizer"
TEXT_ROWS = 12

TRANSFORMERS = {
    "patch-1x2x2": dict(
        patch_size=(1, 2, 2),
        num_attention_heads=2,
        attention_head_dim=16,
        in_channels=4,
        out_channels=4,
        text_dim=24,
        freq_dim=32,
        ffn_dim=48,
        num_layers=2,
    ),
    "patch-1x1x1": dict(
        patch_size=(1, 1, 1),
        num_attention_heads=3,
        attention_head_dim=8,
        in_channels=5,
        out_channels=5,
        text_dim=10,
        freq_dim=20,
        ffn_dim=30,
        num_layers=3,
        cross_attn_norm=False,
    ),
    "one-wide-head": dict(
        patch_size=(1, 2, 2),
        num_attention_heads=1,
        attention_head_dim=44,
        in_channels=4,
        out_channels=4,
        text_dim=16,
        freq_dim=16,
        ffn_dim=32,
        num_layers=1,
    ),
}


def randomise(model, deviation: float):
    """Moves every parameter, also norms and biases that start as ones and zeros."""
    for parameter in model.parameters():
        parameter.add_(torch.randn_like(parameter) * deviation)
    return model.eval()


def save_rounded(model, directory) -> None:
    """Saves in 16 bits, and leaves the model with the rounded weights but its own buffers."""
    shutil.rmtree(directory, ignore_errors=True)
    for parameter in model.parameters():
        parameter.copy_(parameter.half())
    copy.deepcopy(model).half().save_pretrained(directory)


def save_tensors(name: str, tensors: dict[str, torch.Tensor]) -> None:
    save_file(
        {key: value.clone().contiguous() for key, value in tensors.items()},
        OUTPUT / name,
        metadata=METADATA,
    )


def transformer(sizes: dict) -> WanTransformer3DModel:
    return randomise(WanTransformer3DModel(**sizes), 0.1)


def write_transformer(name: str, sizes: dict) -> None:
    model = transformer(sizes)
    save_rounded(model, OUTPUT / name / "transformer")
    _, patch_height, patch_width = sizes["patch_size"]
    frames, height, width = 3, 2 * 3, 2 * 2
    tokens = frames * (height // patch_height) * (width // patch_width)
    latents = torch.randn(1, sizes["in_channels"], frames, height, width)
    text = torch.randn(1, TEXT_ROWS, sizes["text_dim"])
    timestep = torch.tensor([737])
    timesteps = torch.randint(0, 1000, (1, tokens))
    save_tensors(
        f"{name}.safetensors",
        {
            "latents": latents[0],
            "text": text[0],
            "timestep": timestep.float(),
            "velocity": model(latents, timestep, text, return_dict=False)[0][0],
            "timesteps": timesteps[0].float(),
            "velocity.timesteps": model(latents, timesteps, text, return_dict=False)[0][0],
        },
    )


def text_encoder() -> UMT5EncoderModel:
    sizes = dict(
        vocab_size=72,
        d_model=16,
        d_kv=8,
        num_heads=2,
        d_ff=24,
        num_layers=1,
        feed_forward_proj="gated-gelu",
    )
    return randomise(UMT5EncoderModel(UMT5Config(**sizes)), 0.3)


def vae(latent_channels: int) -> AutoencoderKLWan:
    return randomise(
        AutoencoderKLWan(
            base_dim=4,
            z_dim=latent_channels,
            dim_mult=[1, 1, 2],
            num_res_blocks=1,
            temperal_downsample=[True, True],
            latents_mean=[0.1 * i for i in range(latent_channels)],
            latents_std=[1 + 0.2 * i for i in range(latent_channels)],
            scale_factor_spatial=4,
            scale_factor_temporal=4,
        ),
        0.02,
    )


def write_pipeline() -> None:
    directory = OUTPUT / "checkpoint"
    shutil.rmtree(directory, ignore_errors=True)
    sizes = dict(TRANSFORMERS["patch-1x2x2"], text_dim=16)
    components = {
        "transformer": transformer(sizes),
        "vae": vae(sizes["in_channels"]),
        "text_encoder": text_encoder(),
    }
    for name, model in components.items():
        save_rounded(model, directory / name)
    scheduler = UniPCMultistepScheduler(
        prediction_type="flow_prediction", use_flow_sigmas=True, flow_shift=3.0
    )
    scheduler.save_pretrained(directory / "scheduler")
    shutil.copytree(TOKENIZER, directory / "tokenizer")
    write_settings(directory)

    tokenizer = Tokenizer.from_file(str(TOKENIZER / "tokenizer.json"))

    def embed(prompt: str) -> torch.Tensor:
        ids = tokenizer.encode(prompt).ids
        states = torch.zeros(1, TEXT_ROWS, 16)
        states[0, : len(ids)] = components["text_encoder"](
            torch.tensor([ids])
        ).last_hidden_state[0]
        return states

    pipeline = WanPipeline(tokenizer=None, scheduler=scheduler, **components)
    pipeline.set_progress_bar_config(disable=True)
    noise = torch.randn(1, sizes["in_channels"], 3, 8, 12)
    arguments = dict(
        prompt_embeds=embed("a red square moves right"),
        negative_prompt_embeds=embed("a blue circle"),
        height=32,
        width=48,
        num_frames=9,
        num_inference_steps=6,
        guidance_scale=4.0,
    )
    latents = pipeline(latents=noise.clone(), output_type="latent", **arguments).frames[0]
    video = pipeline(latents=noise.clone(), output_type="pt", **arguments).frames[0]
    write_two_experts(pipeline, noise, arguments)
    save_tensors(
        "pipeline.safetensors",
        {
            "prompt.states": arguments["prompt_embeds"][0],
            "noise": noise[0],
            "latents": latents,
            "video": (video.permute(0, 2, 3, 1) * 255).floor().half(),
        },
    )


def write_two_experts(pipeline, noise: torch.Tensor, arguments: dict) -> None:
    low_noise = transformer(dict(pipeline.transformer.config))
    save_rounded(low_noise, OUTPUT / "low-noise/transformer")
    both = WanPipeline(
        **{**pipeline.components, "transformer_2": low_noise}, boundary_ratio=0.875
    )
    both.set_progress_bar_config(disable=True)
    latents = both(latents=noise.clone(), output_type="latent", **arguments).frames[0]
    save_tensors("two-experts.safetensors", {"latents": latents})


def write_settings(directory) -> None:
    index = {
        "_class_name": "WanPipeline",
        "transformer": ["diffusers", "WanTransformer3DModel"],
        "vae": ["diffusers", "AutoencoderKLWan"],
        "text_encoder": ["transformers", "UMT5EncoderModel"],
        "tokenizer": ["transformers", "PreTrainedTokenizerFast"],
        "scheduler": ["diffusers", "UniPCMultistepScheduler"],
        "transformer_2": [None, None],
        "boundary_ratio": None,
        "expand_timesteps": False,
    }
    defaults = {
        "width": 48,
        "height": 32,
        "num_frames": 9,
        "max_sequence_length": TEXT_ROWS,
        "num_inference_steps": 6,
        "guidance_scale": 4.0,
        "fps": 8,
    }
    for name, content in (("model_index", index), ("generation_defaults", defaults)):
        (directory / f"{name}.json").write_text(json.dumps(content, indent=1) + "\n")


def main() -> None:
    torch.manual_seed(0)
    torch.set_grad_enabled(False)
    OUTPUT.mkdir(parents=True, exist_ok=True)
    for name, sizes in TRANSFORMERS.items():
        write_transformer(name, sizes)
    write_pipeline()


if __name__ == "__main__":
    main()
