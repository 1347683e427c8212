"""The trained model: its parts in memory, and its directory in diffusers layout."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer
from torch import Tensor, nn

from sample_model.configuration import (
    Configuration,
    TextEncoderConfiguration,
    TransformerConfiguration,
    VaeConfiguration,
)
from sample_model.text_encoder import Umt5Encoder
from sample_model.tokenizer import save_tokenizer
from sample_model.transformer import WanTransformer
from sample_model.vae import WanVae

# Weights are written in fp16, in several files where a single one would be larger.
LARGEST_FILE_BYTES = 14 << 20

GENERATION_STEPS = 16
GUIDANCE_SCALE = 3.0
FRAMES_PER_SECOND = 16


@dataclass(frozen=True)
class GenerationSettings:
    """`generation_defaults.json`: the size that the model was trained for and settings that suit it."""

    height: int
    width: int
    num_frames: int
    max_sequence_length: int
    num_inference_steps: int = GENERATION_STEPS
    guidance_scale: float = GUIDANCE_SCALE
    fps: int = FRAMES_PER_SECOND


@dataclass(frozen=True)
class LatentStatistics:
    """Mean and standard deviation of each latent channel over the training clips."""

    mean: Tensor
    std: Tensor

    def normalise(self, latents: Tensor) -> Tensor:
        return (latents - _per_channel(self.mean, latents)) / _per_channel(self.std, latents)

    def restore(self, latents: Tensor) -> Tensor:
        return latents * _per_channel(self.std, latents) + _per_channel(self.mean, latents)


def _per_channel(values: Tensor, latents: Tensor) -> Tensor:
    return values.view(1, -1, 1, 1, 1).to(latents.device)


@dataclass(frozen=True)
class SampleModel:
    """Everything that sampling needs."""

    settings: GenerationSettings
    tokenizer: Tokenizer
    text_encoder: Umt5Encoder
    transformer: WanTransformer
    vae: WanVae
    statistics: LatentStatistics


def load_model(directory: Path, device: str) -> SampleModel:
    """Reads a checkpoint; parameters are converted to fp32."""
    vae_json = _read_json(directory / "vae" / "config.json")
    transformer_json = _read_json(directory / "transformer" / "config.json")
    text_encoder_json = _read_json(directory / "text_encoder" / "config.json")
    return SampleModel(
        settings=GenerationSettings(**_read_json(directory / "generation_defaults.json")),
        tokenizer=Tokenizer.from_file(str(directory / "tokenizer" / "tokenizer.json")),
        text_encoder=_load_weights(
            Umt5Encoder(TextEncoderConfiguration.from_json(text_encoder_json)), directory / "text_encoder", device
        ),
        transformer=_load_weights(
            WanTransformer(TransformerConfiguration.from_json(transformer_json)), directory / "transformer", device
        ),
        vae=_load_weights(WanVae(VaeConfiguration.from_json(vae_json)), directory / "vae", device),
        statistics=LatentStatistics(torch.tensor(vae_json["latents_mean"]), torch.tensor(vae_json["latents_std"])),
    )


def save_model(model: SampleModel, configuration: Configuration, directory: Path) -> None:
    """Writes what diffusers' `WanPipeline` reads, and `generation_defaults.json`."""
    save_tokenizer(model.tokenizer, directory / "tokenizer", configuration.text_length)
    _save_component(
        model.transformer,
        directory / "transformer",
        "diffusion_pytorch_model",
        {
            "_class_name": "WanTransformer3DModel",
            "cross_attn_norm": True,
            "eps": 1e-6,
            "qk_norm": "rms_norm_across_heads",
            **asdict(configuration.transformer),
        },
    )
    _save_component(
        model.text_encoder,
        directory / "text_encoder",
        "model",
        {
            "architectures": ["UMT5EncoderModel"],
            "model_type": "umt5",
            "feed_forward_proj": "gated-gelu",
            "relative_attention_num_buckets": 32,
            "relative_attention_max_distance": 128,
            "layer_norm_epsilon": 1e-6,
            **asdict(configuration.text_encoder),
        },
    )
    _save_component(
        model.vae,
        directory / "vae",
        "diffusion_pytorch_model",
        {
            "_class_name": "AutoencoderKLWan",
            "attn_scales": [],
            "dropout": 0.0,
            "latents_mean": model.statistics.mean.tolist(),
            "latents_std": model.statistics.std.tolist(),
            **asdict(configuration.vae),
        },
    )
    _write_json(
        directory / "scheduler" / "scheduler_config.json",
        {
            "_class_name": "UniPCMultistepScheduler",
            "prediction_type": "flow_prediction",
            "use_flow_sigmas": True,
            "flow_shift": configuration.flow_shift,
            "num_train_timesteps": 1000,
            "solver_order": 2,
            "solver_type": "bh2",
            "final_sigmas_type": "zero",
            "lower_order_final": True,
            "predict_x0": True,
        },
    )
    _write_json(
        directory / "model_index.json",
        {
            "_class_name": "WanPipeline",
            "transformer": ["diffusers", "WanTransformer3DModel"],
            "vae": ["diffusers", "AutoencoderKLWan"],
            "text_encoder": ["transformers", "UMT5EncoderModel"],
            "tokenizer": ["transformers", "PreTrainedTokenizerFast"],
            "scheduler": ["diffusers", "UniPCMultistepScheduler"],
            "transformer_2": [None, None],
            "boundary_ratio": None,
            "expand_timesteps": False,
        },
    )
    _write_json(directory / "generation_defaults.json", asdict(model.settings))


def _load_weights(network: nn.Module, directory: Path, device: str) -> nn.Module:
    weights = {}
    for file in sorted(directory.glob("*.safetensors")):
        weights.update(load_file(file))
    network.load_state_dict({name: tensor.float() for name, tensor in weights.items()})
    return network.to(device).eval().requires_grad_(False)


def _save_component(network: nn.Module, directory: Path, stem: str, config: dict) -> None:
    _write_json(directory / "config.json", config)
    shards, size = [{}], 0
    for name, tensor in network.state_dict().items():
        tensor = tensor.detach().cpu().half().contiguous()
        if size + tensor.nbytes > LARGEST_FILE_BYTES:
            shards.append({})
            size = 0
        shards[-1][name] = tensor
        size += tensor.nbytes
    if len(shards) == 1:
        save_file(shards[0], directory / f"{stem}.safetensors", metadata={"format": "pt"})
        return
    files = {}
    for number, shard in enumerate(shards, start=1):
        file = f"{stem}-{number:05d}-of-{len(shards):05d}.safetensors"
        save_file(shard, directory / file, metadata={"format": "pt"})
        files.update(dict.fromkeys(shard, file))
    total = sum(tensor.nbytes for shard in shards for tensor in shard.values())
    index = {"metadata": {"total_size": total}, "weight_map": files}
    _write_json(directory / f"{stem}.safetensors.index.json", index)


def _read_json(file: Path) -> dict:
    return json.loads(file.read_text())


def _write_json(file: Path, values: dict) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(values, indent=1))
