"""The model's own small tokenizer: one piece for each caption word, single characters for all else, T5's layout."""

import json
from pathlib import Path

import torch
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
from torch import Tensor

from sample_model.clips import caption_words

WORD_START = "▁"
CHARACTERS = "abcdefghijklmnopqrstuvwxyz0123456789.,-"


def make_tokenizer() -> Tokenizer:
    """`<pad>` is 0, `</s>` 1, `<unk>` 2; every text ends with `</s>`."""
    words = [word for word in caption_words() if len(word) > 1] + ["a"]
    pieces = [("<pad>", 0.0), ("</s>", 0.0), ("<unk>", -20.0), (WORD_START, -3.0)]
    pieces += [(WORD_START + word, -2.0) for word in words]
    pieces += [(character, -8.0) for character in CHARACTERS]

    tokenizer = Tokenizer(models.Unigram(pieces, unk_id=2))
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.NFKC(), normalizers.Lowercase(), normalizers.Replace(Regex(" {2,}"), " ")]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement=WORD_START, prepend_scheme="always")
    tokenizer.decoder = decoders.Metaspace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="$A </s>", pair="$A </s> $B </s>", special_tokens=[("</s>", 1)]
    )
    return tokenizer


def save_tokenizer(tokenizer: Tokenizer, directory: Path, text_length: int) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(directory / "tokenizer.json"))
    settings = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "pad_token": "<pad>",
        "eos_token": "</s>",
        "unk_token": "<unk>",
        "model_max_length": text_length,
        "extra_ids": 0,
    }
    (directory / "tokenizer_config.json").write_text(json.dumps(settings))


def encode_texts(tokenizer: Tokenizer, texts: list[str], length: int, device: str) -> tuple[Tensor, Tensor]:
    """Token numbers and mask (1 for a token, 0 for padding), int64 [text, length]."""
    ids = torch.zeros(len(texts), length, dtype=torch.long)
    mask = torch.zeros_like(ids)
    for row, text in enumerate(texts):
        tokens = tokenizer.encode(text).ids[:length]
        ids[row, : len(tokens)] = torch.tensor(tokens)
        mask[row, : len(tokens)] = 1
    return ids.to(device), mask.to(device)
