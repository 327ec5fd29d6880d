"""What people glue together today: langdetect and a transformers pipeline in fp32, on the same encoder."""

from collections.abc import Sequence

import langdetect
from transformers import BertForSequenceClassification, PreTrainedTokenizerFast, TextClassificationPipeline

from models.encoder import load_encoder


class Peer:
    """One classification head and the language: less than our service says of a text."""

    def __init__(self) -> None:
        langdetect.DetectorFactory.seed = 0
        encoder, tokenizer = load_encoder()
        config = encoder.config
        config.num_labels = 15
        model = BertForSequenceClassification(config).eval()
        # The pooler and the head stay random: they cost the same whatever they say.
        model.bert.load_state_dict(encoder.state_dict(), strict=False)
        fast = PreTrainedTokenizerFast(
            tokenizer_object=tokenizer,
            pad_token="<pad>",
            bos_token="<s>",
            eos_token="</s>",
            unk_token="<unk>",
        )
        self._pipeline = TextClassificationPipeline(
            model=model, tokenizer=fast, top_k=None, function_to_apply="sigmoid"
        )

    def run(self, texts: Sequence[str], batch: int) -> None:
        """Language and labels of every text."""
        for text in texts:
            language_of(text)
        if batch == 1:
            for text in texts:
                self._pipeline(text, truncation=True, max_length=512)
        else:
            self._pipeline(list(texts), batch_size=batch, truncation=True, max_length=512)


def language_of(text: str) -> str:
    """langdetect's answer; `und` where it raises."""
    try:
        return str(langdetect.detect(text))
    except langdetect.LangDetectException:
        return "und"
