"""The pretrained encoder as a `transformers` model, for training and for the torch backend."""

import torch
from tokenizers import Tokenizer
from transformers import AutoModel, AutoTokenizer, BertConfig, BertModel, PreTrainedModel

from models.packed import PackedEncoder


def load_encoder(source: str | None = None) -> tuple[PreTrainedModel, Tokenizer]:
    """The encoder and its tokenizer.

    `source` is None for the packaged multilingual-e5-small, or a local folder or hub
    id in the Hugging Face format. A released bundle fits only the encoder that it was
    trained on: with another one, train again.
    """
    if source is None:
        packed = PackedEncoder.from_package()
        return _from_packed(packed), packed.tokenizer()
    return AutoModel.from_pretrained(source), AutoTokenizer.from_pretrained(source).backend_tokenizer


def _from_packed(packed: PackedEncoder) -> PreTrainedModel:
    config = BertConfig(**vars(packed.shape), pad_token_id=packed.pad)
    with torch.device("meta"):
        model = BertModel(config, add_pooling_layer=False)
    model.to_empty(device="cpu")
    state = {name: torch.from_numpy(tensor.copy()) for name, tensor in packed.tensors().items()}
    model.load_state_dict(state, strict=False)
    # Buffers that no checkpoint holds: the meta device leaves them empty.
    positions = torch.arange(config.max_position_embeddings).unsqueeze(0)
    model.embeddings.register_buffer("position_ids", positions, persistent=False)
    model.embeddings.register_buffer("token_type_ids", torch.zeros_like(positions), persistent=False)
    model.train(False)
    return model
