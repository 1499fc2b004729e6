"""The length that inputs are cut to, where the settings tell it and it is short."""

from misrun.tools.readers.run_record import RunRecord
from misrun.tools.signals.signal import Signal
from misrun.tools.signals.task import numeric

# As transformers, torchtext programs, fairseq and people's own scripts call it.
_NAMES = (
    "max_length", "max_seq_length", "max_seq_len", "max_len", "max_sequence_length", "seq_len", "cutoff_len", "maxlen",
    "max_tokens", "max_input_length", "max_source_length", "model_max_length", "MAX_LEN", "MAX_LENGTH", "MAX_SEQ_LEN",
    "fix_length", "truncate", "truncation_length", "max_words", "max_chars", "block_size", "context_length", "n_ctx",
)  # fmt: skip
# A sentence of news text has about 20 to 25 words; what is cut at 64 tokens holds two of them (a judgement).
SHORT = 64


def measure(run: RunRecord) -> list[Signal]:
    """A mark (below 0.5): short inputs are usual, and are only of interest where little is learned from them."""
    setting = run.setting(*_NAMES)
    length = numeric(setting)
    if setting is None or length is None or not 1 < length <= SHORT:
        return []
    return [
        Signal(
            name="window_short",
            text=f"Inputs are cut to {length:g} ({setting.name} = {setting.value}).",
            value=length,
            strength=0.4,
            spans=(setting.span,),
            values={"length": length},
        )
    ]
