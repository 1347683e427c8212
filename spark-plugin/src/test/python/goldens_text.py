"""Goldens of the text room, from transformers, tokenizers and diffusers.

Writes into src/test/resources/goldens/text, beside which it expects to be run from any directory:

    python goldens_text.py

umt5/, t5/         tiny random encoders as component directories, with states.safetensors: for each
                   case the ids of the real tokens and the states that the real class gives them
                   when they are padded and masked
buckets.json       buckets of relative positions
tokens.json        ids by `tokenizers` for the sample model's tokenizer.json
cleaning.json      results of the Wan pipeline's prompt_clean without ftfy
"""

import numpy as np
import torch
from diffusers.pipelines.wan import pipeline_wan
from safetensors.numpy import save_file
from tokenizers import Tokenizer
from transformers import T5Config, T5EncoderModel, UMT5Config, UMT5EncoderModel
from transformers.models.umt5.modeling_umt5 import UMT5Attention

from golden_files import GOLDENS, METADATA, REPOSITORY, write_json

OUTPUT = GOLDENS / "text"
TOKENIZER = REPOSITORY / "jobs/sample-model/tokenizer/tokenizer.json"

SIZES = dict(
    vocab_size=72,
    d_model=24,
    d_kv=16,
    num_heads=3,
    d_ff=40,
    num_layers=2,
    feed_forward_proj="gated-gelu",
)
LENGTHS = (1, 7, 40, 150)
PADDING = 5


def write_encoder(name: str, model, stored_as: torch.dtype, rename: dict[str, str]) -> None:
    """Saves the model rounded to `stored_as`, and what it computes in 32 bits from that."""
    directory = OUTPUT / name
    directory.mkdir(parents=True, exist_ok=True)
    for parameter in model.parameters():
        parameter.normal_(0, 0.3).copy_(parameter.to(stored_as).float())
    model.config.to_json_file(directory / "config.json")
    weights = {
        rename.get(key, key): value.to(stored_as).numpy()
        for key, value in model.state_dict().items()
        if key != "encoder.embed_tokens.weight"
    }
    save_file(weights, directory / "model.safetensors")

    cases = {}
    generator = np.random.default_rng(7)
    for length in LENGTHS:
        ids = np.zeros(length + PADDING, np.int64)
        ids[:length] = generator.integers(1, SIZES["vocab_size"], length)
        mask = (np.arange(length + PADDING) < length).astype(np.int64)
        states = model(torch.tensor(ids)[None], torch.tensor(mask)[None]).last_hidden_state[0]
        cases[f"{length}.ids"] = ids[:length].astype(np.float32)
        cases[f"{length}.states"] = states[:length].numpy().copy()
    save_file(cases, directory / "states.safetensors", metadata=METADATA)


def write_buckets() -> None:
    cases = []
    for buckets, max_distance in ((32, 128), (8, 20), (64, 256)):
        attention = UMT5Attention(
            UMT5Config(
                **SIZES,
                relative_attention_num_buckets=buckets,
                relative_attention_max_distance=max_distance,
            ),
            has_relative_attention_bias=True,
        )
        distances = torch.arange(-600, 601)
        found = attention._relative_position_bucket(distances)
        cases.append(
            {
                "buckets": buckets,
                "maxDistance": max_distance,
                "firstDistance": -600,
                "expected": found.tolist(),
            }
        )
    write_json(OUTPUT / "buckets.json", {"cases": cases})


def write_tokens() -> None:
    tokenizer = Tokenizer.from_file(str(TOKENIZER))
    max_length = 24
    tokenizer.enable_truncation(max_length)
    prompts = [
        "",
        " ",
        "a red square moves right",
        "a small blue circle moves up slowly on a gray background",
        "A LARGE Green Triangle  moves LEFT",
        "un caf\u00e9 \ufb01n \u2460 \uff21",
        "\u4e00\u53ea\u732b \U0001f600\U0001f44d\U0001f3fd",
        "zzz qqq 123 !?",
        "a red square moves right " * 40,
        "</s> <pad> <unk>",
        "tab\tand\nnewline",
    ]
    cases = [{"prompt": prompt, "ids": tokenizer.encode(prompt).ids} for prompt in prompts]
    write_json(OUTPUT / "tokens.json", {"maxLength": max_length, "cases": cases})


def write_cleaning() -> None:
    pipeline_wan.is_ftfy_available = lambda: False
    prompts = [
        "a cat",
        "  a \t cat\n\r\n walks  ",
        "\u00a0a\u3000cat\u2003walks\u2028here\u0085now\u001cand\u001fthen ",
        "salt &amp; pepper, &lt;b&gt;, &quot;x&quot; &apos;y&apos; &#39;z&#39;",
        "twice &amp;lt;escaped&amp;gt;, thrice &amp;amp;amp;",
        "caf&eacute; &hearts; &rarr; &euro; &#x1F600; &#128512;",
        "&nbsp;&nbsp;x&nbsp;y",
        "AT&T, R&D &copy 2024, &bogus; & &; &#; &#x;",
        "&#0; &#xD800; &#9999999; &#128;",
        "&nbsp;",
        "",
    ]
    cases = [{"prompt": prompt, "cleaned": pipeline_wan.prompt_clean(prompt)} for prompt in prompts]
    write_json(OUTPUT / "cleaning.json", {"cases": cases})


def main() -> None:
    torch.manual_seed(0)
    torch.set_grad_enabled(False)
    OUTPUT.mkdir(parents=True, exist_ok=True)
    write_encoder("umt5", UMT5EncoderModel(UMT5Config(**SIZES)).eval(), torch.float32, {})
    write_encoder(
        "t5",
        T5EncoderModel(T5Config(**SIZES)).eval(),
        torch.float16,
        {"shared.weight": "encoder.embed_tokens.weight"},
    )
    write_buckets()
    write_tokens()
    write_cleaning()


if __name__ == "__main__":
    main()
