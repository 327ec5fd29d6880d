"""How one pass trains."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """How long and how hard one pass trains."""

    epochs: int
    rate: float
    """Peak learning rate of the top encoder layer and above."""
    layer_decay: float = 0.9
    """Each lower layer learns at this share of the rate above it (Howard and Ruder 2018)."""
    head_rate: float = 1e-3
    warmup: float = 0.1
    """Share of all steps."""
    batch: int = 32
    joined: float = 0.15
    """Share of examples joined with another comment of the language."""
    cropped: float = 0.1
    """Few-word crops per example, which teach the language alone."""
    beside: float = 0.2
    """Third-party examples per comment of the corpus, drawn anew each epoch: ordinary words that it lacks."""
    rehearsed: float = 0.0
    """Earlier comments per comment of the cycle, drawn anew each epoch so that they are not forgotten."""
    asked: float = 0.0
    """Share of examples beside a survey's question, crops and third-party text too, if any is given."""
    dropout: float = 0.1
    """Share of states zeroed, in the encoder (whatever its configuration says) and before the heads.

    A network that tells what it learnt from no better than other text needs none.
    """
    masked: float = 0.08
    """Share of a comment's pieces hidden behind the mask that the encoder knows from its pretraining."""
    average_from: float = 0.7
    """Weights are averaged over the steps after this share (Izmailov et al. 2018)."""
    consistency: float = 0.0
    """Weight of the loss for answering two variations of a comment differently; with 0 there is but one.

    R-Drop (Liang et al. 2021), here between two ways to type a comment, one with its sentences turned; of a
    single sentence with nothing to vary, between draws of dropout and masks alone.
    """
    intents_alone: bool = False
    """Whether nothing learns but what tells one intent from another, at `head_rate`, from requests alone."""
    seed: int = 17
