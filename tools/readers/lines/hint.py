"""A quick look at the bytes of a line: could any parser make something of it?

Only for lines whose shape has not been seen before; what the parsers recognise must hold one of these stems.
"""

import re
from collections import defaultdict

# Stems in lower case; each shortens several words ("scal" stands for scale, scaler, scaling).
_STEMS = """
error exception traceback warn fail fault kill abort nan inf memor oom assert cuda nccl rank gpu timeout
timed mismatch invalid corrupt overflow scal resum restor checkpoint stop finish complet done signal exit rc=
status code preempt cancel connection broken address space disk worker skip ignor overrid shape expect dtype device
grad empty missing version epoch step iter loss acc lr learning_rate interrupt
terminat segment bus aborted ^c stack free( malloc token xid rendezvous
tcpstore store collective gloo duplicate batch index target label column file permission denied connect gated import
module attribute config argument namespace command -- python torch reward eval val_ score perplexity ppl bleu norm psnr
map f1 auc mse mae kl entropy elbo return fps training training: parameter params newly initialized converge plateau
early limit evict node mib gib truncat broadcast size backward inplace retain requires diverg finite nvidia driver world
processes huge dice iou precision recall ms/ cost gnorm wer cer fit collate sequence length decode json image codec
unsupported unknown unrecog | {" {'
"""


def _compiled(stems: list[str]) -> re.Pattern[bytes]:
    """One alternation by first letter: the regex engine then tries a few branches at each place, not all."""
    by_letter: dict[str, list[str]] = defaultdict(list)
    for stem in stems:
        by_letter[stem[0]].append(re.escape(stem[1:]))
    branches = (re.escape(letter) + "(?:" + "|".join(rests) + ")" for letter, rests in sorted(by_letter.items()))
    return re.compile("|".join(branches).encode())


HINT = _compiled(sorted(set(_STEMS.split())))
