"""One encoder, many heads: everything triage wants to know of a comment in one pass.

Each task looks at the comment's pieces through an attention of its own (label-wise
attention, Mullenbach et al. 2018, "Explainable Prediction of Medical Codes from
Clinical Text"): what a comment says of its delivery and of its price stands in
different words, and a mean over all of them blurs both. A head over single pieces
marks the request, and its strongest pieces also speak for there being one at all.
"""

from dataclasses import dataclass
from typing import Final, cast

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from triage.labels import CATEGORIES, INTENTS, LANGUAGES, POLARITIES, SENTIMENTS

VIEWS: Final = (*CATEGORIES, "sentiment", "request", "intent", "urgent", "language", "asks")
_STATES: Final = 1 + len(POLARITIES)


@dataclass(frozen=True, kw_only=True)
class Logits:
    """What the heads say of B comments of T pieces, before any softmax or sigmoid."""

    aspects: Tensor
    """(B, 15, 4): absent, then one per polarity."""
    sentiment: Tensor
    """(B, 4)"""
    request: Tensor
    """(B,)"""
    intent: Tensor
    """(B, 12)"""
    urgent: Tensor
    """(B,)"""
    language: Tensor
    """(B, 18): `und` last."""
    tokens: Tensor
    """(B, T): belongs to the request."""
    asks: Tensor
    """(B,): is a question or a command in form; learnt from third-party text, not served."""


class Heads(nn.Module):
    """The heads alone: (B, T, H) hidden states -> Logits."""

    centre: Tensor
    spread: Tensor

    def __init__(self, hidden: int) -> None:
        super().__init__()
        self.register_buffer("centre", torch.zeros(hidden))
        self.register_buffer("spread", torch.ones(hidden))
        self.views = nn.Linear(hidden, len(VIEWS))
        self.aspects = nn.Parameter(torch.zeros(len(CATEGORIES), hidden, _STATES))
        self.aspects_bias = nn.Parameter(torch.zeros(len(CATEGORIES), _STATES))
        self.sentiment = nn.Linear(hidden, len(SENTIMENTS))
        self.request = nn.Linear(hidden, 1)
        self.intent = nn.Linear(hidden, len(INTENTS))
        self.urgent = nn.Linear(hidden, 1)
        self.language = nn.Linear(hidden, len(LANGUAGES) + 1)
        self.asks = nn.Linear(hidden, 1)
        self.tokens = nn.Linear(hidden, 1)
        self.token_weight = nn.Parameter(torch.zeros(1))
        self.dropout = nn.Dropout(0.1)
        nn.init.normal_(self.aspects, std=0.02)
        with torch.no_grad():  # most categories are absent, most pieces outside: not to be learnt first
            self.aspects_bias[:, 0] = 3.0
            self.tokens.bias.fill_(-2.0)

    def standardise(self, hidden: Tensor) -> None:
        """Fits centre and spread to (N, H) hidden states.

        The encoder's states share a large common part and vary by a fifth in each
        dimension; heads learn several times faster on what is left when that is gone.
        """
        self.centre = hidden.mean(dim=0)
        self.spread = hidden.std(dim=0).clamp_min(1e-3)

    def forward(self, hidden: Tensor, comment_mask: Tensor) -> Logits:
        """(B, T, H) hidden states and a (B, T) mask of the comment's pieces -> Logits."""
        hidden = (hidden - self.centre) / self.spread
        outside = comment_mask == 0
        scores = self.views(hidden).masked_fill(outside.unsqueeze(-1), -1e4)
        pooled = torch.einsum("btv,bth->bvh", scores.softmax(dim=1), hidden)
        pooled = self.dropout(pooled)
        aspects = torch.einsum("bch,chs->bcs", pooled[:, : len(CATEGORIES)], self.aspects)
        sentiment, request, intent, urgent, language, asks = pooled[:, len(CATEGORIES) :].unbind(dim=1)
        tokens = self.tokens(hidden).squeeze(-1).masked_fill(outside, -1e4)
        return Logits(
            aspects=aspects + self.aspects_bias,
            sentiment=self.sentiment(sentiment),
            request=self.request(request).squeeze(-1) + self.token_weight * tokens.amax(dim=1),
            intent=self.intent(intent),
            urgent=self.urgent(urgent).squeeze(-1),
            language=self.language(language),
            tokens=tokens,
            asks=self.asks(asks).squeeze(-1),
        )


class TriageNetwork(nn.Module):
    """The encoder with its heads: (B, T) piece ids -> Logits."""

    def __init__(self, encoder: PreTrainedModel) -> None:
        super().__init__()
        self.encoder = encoder
        self.heads = Heads(encoder.config.hidden_size)

    @property
    def layers(self) -> nn.ModuleList:
        """The encoder's layers, lowest first; may be cut."""
        return cast(nn.ModuleList, cast(nn.Module, self.encoder.encoder).layer)

    def forward(self, input_ids: Tensor, attention_mask: Tensor, comment_mask: Tensor) -> Logits:
        """Three (B, T) arrays, as `text.pad` makes them -> Logits."""
        hidden = self.encoder(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        logits: Logits = self.heads(hidden.float(), comment_mask)
        return logits
