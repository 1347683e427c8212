"""Compares the modules of a Wan 2.1 checkpoint, as Reelspark computes them, with PyTorch in fp32.

    jobs/make-random-checkpoint --like wan2.1-1.3b --dtype bf16 --out MODEL
    jobs/benchmark modules --model MODEL --device 0 --attention-precision SIXTEEN_BIT --out sixteen.safetensors
    jobs/benchmark modules --model MODEL --device 0 --attention-precision EIGHT_BIT --out eight.safetensors
    python notebooks/benchmarks/module_parity.py MODEL sixteen.safetensors eight.safetensors

Needs torch, diffusers, transformers, accelerate, safetensors and tokenizers. A file holds what went into the text encoder, the
transformer and the video decoder, and what came out. The same inputs go through the classes of diffusers and transformers in
fp32, without TF32, and in bf16; the table says how far each result is from that of fp32. Pixels have 8 bits and are compared
about middle grey.
"""

import argparse
import contextlib
import dataclasses
import pathlib
import sys
import time

import diffusers
import torch
import transformers
from diffusers import AutoencoderKLWan, WanTransformer3DModel
from safetensors import safe_open
from tokenizers import Tokenizer
from torch.nn.attention import SDPBackend, sdpa_kernel
from transformers import UMT5EncoderModel

MIDDLE_GREY = 127.5


@dataclasses.dataclass(frozen=True)
class Outputs:
    """A file of `jobs/benchmark modules`."""

    metadata: dict[str, str]
    tensors: dict[str, torch.Tensor]

    @classmethod
    def read(cls, path: pathlib.Path) -> "Outputs":
        with safe_open(path, "pt") as file:
            return cls(file.metadata(), {name: file.get_tensor(name) for name in file.keys()})

    @property
    def token_count(self) -> int:
        return int(self.metadata["tokens"])


@dataclasses.dataclass(frozen=True)
class PyTorch:
    """The classes of diffusers and transformers on one device, in one type. Each model is gone when its call returns."""

    checkpoint: pathlib.Path
    device: str
    dtype: torch.dtype

    def load(self, kind: type, component: str) -> torch.nn.Module:
        # diffusers and transformers differ in how they name the type.
        dtype = {"dtype" if kind is UMT5EncoderModel else "torch_dtype": self.dtype}
        return kind.from_pretrained(self.checkpoint / component, device_map=self.device, **dtype).eval()

    def on_device(self, tensor: torch.Tensor) -> torch.Tensor:
        return tensor.unsqueeze(0).to(self.device, self.dtype)

    def text_states(self, token_ids: torch.Tensor) -> torch.Tensor:
        encoder = self.load(UMT5EncoderModel, "text_encoder")
        return encoder(token_ids.unsqueeze(0).to(self.device)).last_hidden_state[0]

    def velocity(self, latents: torch.Tensor, timestep: torch.Tensor, states: torch.Tensor) -> torch.Tensor:
        transformer = self.load(WanTransformer3DModel, "transformer")
        with self.attention_without_scores():
            return transformer(
                hidden_states=self.on_device(latents),
                timestep=timestep.to(self.device),
                encoder_hidden_states=self.on_device(states),
                return_dict=False,
            )[0][0]

    def pixels(self, latents: torch.Tensor) -> torch.Tensor:
        """Levels from 0 to 255, [frames, height, width, 3]."""
        decoder = self.load(AutoencoderKLWan, "vae")
        mean, std = (
            torch.tensor(values, device=self.device, dtype=self.dtype).view(1, -1, 1, 1, 1)
            for values in (decoder.config.latents_mean, decoder.config.latents_std)
        )
        video = decoder.decode(self.on_device(latents) * std + mean, return_dict=False)[0][0].float()
        return ((video / 2 + 0.5).clamp(0, 1) * 255).floor().permute(1, 2, 3, 0)

    def attention_without_scores(self) -> contextlib.AbstractContextManager:
        """The scores of a full-size model would take 50 GB in fp32."""
        if self.device == "cpu":
            return contextlib.nullcontext()
        return sdpa_kernel([SDPBackend.FLASH_ATTENTION, SDPBackend.EFFICIENT_ATTENTION])

    def attention_error(self, tokens: int, heads: int = 2, head_dim: int = 128, checked: int = 64) -> float:
        """Relative L2 of attention over random tokens against fp64."""
        generator = torch.Generator().manual_seed(0)
        query, key, value = (
            torch.randn(1, heads, tokens, head_dim, generator=generator).to(self.device, self.dtype) for _ in range(3)
        )
        with self.attention_without_scores():
            actual = torch.nn.functional.scaled_dot_product_attention(query, key, value)[:, :, :checked]
        scores = query[:, :, :checked].double() @ key.double().transpose(2, 3) / head_dim**0.5
        return relative_l2(actual, scores.softmax(-1) @ value.double())


class TextEncoder:
    name = "text encoder"

    def __init__(self, checkpoint: pathlib.Path):
        self.tokenizer = Tokenizer.from_file(str(checkpoint / "tokenizer" / "tokenizer.json"))

    def inputs(self, outputs: Outputs) -> tuple[torch.Tensor, ...]:
        return (torch.tensor(self.tokenizer.encode(outputs.metadata["prompt"]).ids[: outputs.token_count]),)

    def result(self, outputs: Outputs) -> torch.Tensor:
        return outputs.tensors["text.states"][: outputs.token_count]

    def compute(self, pytorch: PyTorch, inputs: tuple[torch.Tensor, ...]) -> torch.Tensor:
        return pytorch.text_states(*inputs)


class Transformer:
    name = "transformer"

    def inputs(self, outputs: Outputs) -> tuple[torch.Tensor, ...]:
        timestep = torch.tensor([float(outputs.metadata["timestep"])])
        return outputs.tensors["transformer.latents"], timestep, outputs.tensors["text.states"]

    def result(self, outputs: Outputs) -> torch.Tensor:
        return outputs.tensors["transformer.velocity"]

    def compute(self, pytorch: PyTorch, inputs: tuple[torch.Tensor, ...]) -> torch.Tensor:
        return pytorch.velocity(*inputs)


class VideoDecoder:
    name = "video decoder"

    def inputs(self, outputs: Outputs) -> tuple[torch.Tensor, ...]:
        return (outputs.tensors["vae.latents"],)

    def result(self, outputs: Outputs) -> torch.Tensor:
        return outputs.tensors["vae.pixels"].float() - MIDDLE_GREY

    def compute(self, pytorch: PyTorch, inputs: tuple[torch.Tensor, ...]) -> torch.Tensor:
        return pytorch.pixels(*inputs) - MIDDLE_GREY


def relative_l2(actual: torch.Tensor, expected: torch.Tensor) -> float:
    difference = actual.double().cpu() - expected.double().cpu()
    return (difference.norm() / expected.double().cpu().norm()).item()


def cosine(actual: torch.Tensor, expected: torch.Tensor) -> float:
    return torch.nn.functional.cosine_similarity(
        actual.double().cpu().flatten(), expected.double().cpu().flatten(), dim=0
    ).item()


def compute(module, pytorch: PyTorch, inputs: tuple[torch.Tensor, ...]) -> torch.Tensor:
    start = time.perf_counter()
    with torch.inference_mode():
        result = module.compute(pytorch, inputs).float().cpu()
    print(f"{module.name}, {pytorch.dtype}: {time.perf_counter() - start:.1f} s", file=sys.stderr, flush=True)
    return result


def compare(module, files: list[Outputs], exact: PyTorch, rounded: PyTorch) -> None:
    """Prints the rows of a module. Files with the same inputs share a reference."""
    inputs: tuple[torch.Tensor, ...] = ()
    for file in files:
        if not inputs or not all(map(torch.equal, inputs, module.inputs(file))):
            inputs = module.inputs(file)
            expected = compute(module, exact, inputs)
            print_row(module, "PyTorch bf16", compute(module, rounded, inputs), expected)
        print_row(module, f"Reelspark, {file.metadata['arithmetic']}", module.result(file), expected)


def print_row(module, computed_by: str, actual: torch.Tensor, expected: torch.Tensor) -> None:
    if actual.shape != expected.shape:
        sys.exit(f"{module.name}: {list(actual.shape)} by {computed_by}, {list(expected.shape)} by PyTorch fp32")
    shape = " x ".join(map(str, expected.shape))
    error, similarity = relative_l2(actual, expected), cosine(actual, expected)
    print(f"| {module.name}, {shape} | {computed_by} | {error:.2e} | {similarity:.7f} |", flush=True)


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("checkpoint", type=pathlib.Path)
    parser.add_argument("files", type=pathlib.Path, nargs="+", help="of jobs/benchmark modules, with this checkpoint")
    parser.add_argument("--device", default="cuda", help="cuda or cpu; default: cuda")
    return parser.parse_args()


def main() -> None:
    arguments = parse_arguments()
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.allow_tf32 = False
    files = [Outputs.read(path) for path in arguments.files]
    exact = PyTorch(arguments.checkpoint, arguments.device, torch.float32)
    rounded = dataclasses.replace(exact, dtype=torch.bfloat16)

    print("| module | computed by | relative L2 | cosine |\n|---|---|---|---|")
    for module in (TextEncoder(arguments.checkpoint), Transformer(), VideoDecoder()):
        compare(module, files, exact, rounded)

    latents = files[0].tensors["transformer.latents"]
    print(f"\nFiles of: {', '.join(dict.fromkeys(file.metadata['device'] for file in files))}.")
    print(
        f"torch {torch.__version__}, diffusers {diffusers.__version__}, transformers {transformers.__version__}; attention in"
        f" fp32 is {exact.attention_error(latents[0].numel() // 4):.1e} from fp64."
    )


if __name__ == "__main__":
    main()
