"""The pretrained encoder as `transformers.BertModel`, for training and for the torch backend."""

from pathlib import Path
from typing import Final

import torch
from tokenizers import Tokenizer
from transformers import AutoModel, AutoTokenizer, BertConfig, BertModel, PreTrainedModel

from models.packed import PackedEncoder

LAYER_TENSORS: Final = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "oln": "output.LayerNorm",
}
"""Names in the packed file -> names in BertModel."""

_EMBEDDINGS: Final = {
    "emb.word": "embeddings.word_embeddings.weight",
    "emb.pos": "embeddings.position_embeddings.weight",
    "emb.type": "embeddings.token_type_embeddings.weight",
    "emb.ln.w": "embeddings.LayerNorm.weight",
    "emb.ln.b": "embeddings.LayerNorm.bias",
}


def load_encoder(source: str | None = None) -> tuple[PreTrainedModel, Tokenizer]:
    """The encoder and its tokenizer.

    `source` is None for the packaged multilingual-e5-small, or a local folder or hub
    id in the Hugging Face format. A released bundle fits only the encoder that it was
    trained on: with another one, train again.
    """
    if source is None:
        packed = PackedEncoder.from_package()
        return _from_packed(packed), packed.tokenizer()
    model = AutoModel.from_pretrained(source, attn_implementation="sdpa")
    return model, AutoTokenizer.from_pretrained(
        Path(source) if Path(source).is_dir() else source
    ).backend_tokenizer


def _from_packed(packed: PackedEncoder) -> BertModel:
    config = BertConfig(**vars(packed.shape), pad_token_id=packed.pad)
    with torch.device("meta"):
        model = BertModel(config, add_pooling_layer=False)
    model.to_empty(device="cpu")
    model.load_state_dict(_state(packed, model), strict=False)
    model.embeddings.position_ids = torch.arange(config.max_position_embeddings).unsqueeze(0)
    model.embeddings.token_type_ids = torch.zeros_like(model.embeddings.position_ids)
    return model.eval()


def _state(packed: PackedEncoder, model: BertModel) -> dict[str, torch.Tensor]:
    names = dict(_EMBEDDINGS)
    for layer in range(packed.shape.num_hidden_layers):
        for short, long in LAYER_TENSORS.items():
            names[f"l{layer}.{short}.w"] = f"encoder.layer.{layer}.{long}.weight"
            names[f"l{layer}.{short}.b"] = f"encoder.layer.{layer}.{long}.bias"
    shapes = {name: parameter.shape for name, parameter in model.named_parameters()}
    return {
        long: torch.from_numpy(packed.tensor(short).copy()).reshape(shapes[long])
        for short, long in names.items()
    }
