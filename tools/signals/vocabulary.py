"""Sizes that must fit each other: token ids and embedding rows, labels and classes, perplexity and vocabulary."""

import math
import re

import numpy as np

from misrun.tools.readers.run_record import ConfigValue, RunRecord
from misrun.tools.record import Span
from misrun.tools.signals.curve import Curve, quantity, training_loss
from misrun.tools.signals.robust import end_level
from misrun.tools.signals.robust import strength as graded
from misrun.tools.signals.signal import Signal
from misrun.tools.signals.task import Task, numeric
from misrun.tools.signals.wording import number, percent, times

# Names that count token ids, and names that count rows of the embedding. "vocab_size" is either, by its owner.
_IDS = {"tokenizer_vocab_size", "tokenizer_length", "tokenizer_size", "len_tokenizer", "num_tokens_in_vocab",
    "data_vocab_size",
        "dataset_vocab_size", "corpus_vocab_size", "tokenizer_len"}  # fmt: skip
_LARGEST_ID = {"max_token_id", "max_input_id", "max_id", "largest_token_id", "max_index"}
_ROWS = {"num_embeddings", "embedding_rows", "model_vocab_size", "n_vocab", "ntoken", "ntokens", "padded_vocab_size"}
_DATA_OWNER = re.compile(r"token|corpus|data|bpe|sentencepiece|vocab\.", re.I)
_LARGEST_LABEL = {"max_label", "label_max", "largest_label", "max_label_id", "max_class_id", "max_target"}
_DATA_CLASSES = {"num_data_classes", "data_num_classes", "dataset_num_classes", "num_classes_in_data",
    "num_unique_labels",
                 "n_unique_labels", "label_count"}  # fmt: skip
_TARGET = re.compile(r"Target (-?\d{1,12}) is out of bounds")
# The benchmark paper's threshold for data problems; exp(9.2), far above a unigram model of any corpus.
PERPLEXITY_LIMIT = 10_000.0
# Penn Treebank, cut to 10,000 words, has about 5 % unknown tokens (Mikolov et al. 2010); twice that loses content.
OOV_HIGH = 0.1


def measure(run: RunRecord, task: Task) -> list[Signal]:
    found = [_embedding(run), _labels(run), _perplexity(run, task), _unknown_words(run)]
    return [signal for signal in found if signal]


def _sizes(run: RunRecord, names: set[str]) -> list[tuple[float, ConfigValue]]:
    """Settings by the last part of their name, largest first."""
    named = [(numeric(value), value) for value in run.config if value.name.rsplit(".", 1)[-1].lower() in names]
    return sorted(((n, value) for n, value in named if n is not None and n > 0), key=lambda pair: -pair[0])


def _embedding(run: RunRecord) -> Signal | None:
    sizes = _sizes(run, {"vocab_size", "vocabulary_size"})
    of_data = [pair for pair in sizes if _DATA_OWNER.search(pair[1].span.file + " " + pair[1].name.rsplit(".", 1)[0])]
    of_model = [pair for pair in sizes if pair not in of_data]
    ids = [(n, value) for n, value in [*_sizes(run, _IDS), *of_data]]
    ids += [(n + 1, value) for n, value in _sizes(run, _LARGEST_ID)]
    rows = _sizes(run, _ROWS) or of_model
    if not ids or not rows:
        return None
    (needed, source), (have, table) = max(ids, key=lambda pair: pair[0]), min(rows, key=lambda pair: pair[0])
    if needed <= have:
        return None
    return Signal(
        name="vocabulary_exceeds_embedding",
        text=f"Token ids go up to {needed - 1:,.0f} ({source.name} = {source.value}) but the embedding has"
        f" {have:,.0f} rows"
        f" ({table.name} = {table.value}).",
        value=needed - have,
        spans=(source.span, table.span),
        values={"ids": needed, "rows": have, "missing": needed - have},
    )


def _labels(run: RunRecord) -> Signal | None:
    """The largest label known from settings, from the list of label names, or from the error that it caused."""
    setting = run.setting("num_labels", "num_classes", "n_classes", "nb_classes", "num_class")
    classes = numeric(setting)
    seen = _largest_label(run)
    if setting is None or classes is None or seen is None or 0 <= seen[0] < classes:
        return None
    label, span, origin = seen
    return Signal(
        name="labels_exceed_classes",
        text=f"A label of {label:,.0f} occurs ({origin}) but {setting.name} = {classes:,.0f} allows 0 to"
        f" {classes - 1:,.0f}.",
        value=label,
        spans=(span, setting.span),
        values={"label": label, "classes": classes},
    )


def _largest_label(run: RunRecord) -> tuple[float, Span, str] | None:
    for event in run.events:
        told = _TARGET.search(event.message) if event.name == "target_out_of_bounds" else None
        if told:
            return float(told[1]), event.span, "in the error"
    found = [(n, v.span, v.name) for n, v in _sizes(run, _LARGEST_LABEL)]
    found += [(n - 1, v.span, v.name) for n, v in _sizes(run, _DATA_CLASSES)]
    found += [
        (float(v.name.rsplit(".", 1)[-1]), v.span, v.name)
        for v in run.config
        if re.search(r"id2label\.\d{1,9}$", v.name)
    ]
    return max(found, key=lambda item: item[0], default=None)


def _perplexity(run: RunRecord, task: Task) -> Signal | None:
    """At the end, not at the start: a fresh model's perplexity is the size of its vocabulary."""
    vocabulary = numeric(task.vocabulary)
    found = _perplexity_curve(run, vocabulary)
    if found is None:
        return None
    curve, level = found
    limit = min(vocabulary or math.inf, PERPLEXITY_LIMIT)
    if level <= limit:
        return None
    against = (
        f"the vocabulary of {vocabulary:,.0f}" if vocabulary and vocabulary == limit else f"{PERPLEXITY_LIMIT:,.0f}"
    )
    return Signal(
        name="perplexity_high",
        text=f"Perplexity is {number(level)} at {curve.place(-1)}, {times(level / limit)} {against}.",
        value=level,
        step=curve.step(0),
        strength=graded(level / limit, 1.0, 10.0),
        spans=(curve.span(-1),),
        values={"perplexity": level, "vocabulary": vocabulary, "limit": limit},
    )


def _perplexity_curve(run: RunRecord, vocabulary: float | None) -> tuple[Curve, float] | None:
    logged = quantity(run, "perplexity", "eval") or quantity(run, "perplexity", "train")
    # Codebook perplexity of a VQ model counts codes, not words; large values are good there.
    if logged is not None and "code" not in logged.series.raw_name.lower():
        return logged, end_level(logged.values)
    loss = training_loss(run) if vocabulary else None
    if loss is None or loss.series.name != "loss":
        return None
    return loss, float(np.exp(min(end_level(loss.values), 700.0)))  # exp overflows above 709


def _unknown_words(run: RunRecord) -> Signal | None:
    setting = run.setting("oov_rate", "unk_rate", "oov_ratio", "unk_ratio", "oov_fraction")
    rate = numeric(setting)
    if setting is None or rate is None:
        return None
    share = rate / 100.0 if rate > 1.0 else rate
    if share < OOV_HIGH:
        return None
    return Signal(
        name="oov_high",
        text=f"{percent(share)} of the tokens are unknown to the vocabulary ({setting.name} = {setting.value}).",
        value=share,
        strength=graded(share, OOV_HIGH, 0.5),
        spans=(setting.span,),
        values={"share": share},
    )
