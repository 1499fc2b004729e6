"""A quick look at the bytes of a line: could any parser make something of it?

Only for lines whose shape has not been seen before; what the parsers recognise must hold one of these stems.
"""

import re
from collections import defaultdict

# Stems in lower case; each shortens several words ("scal" stands for scale, scaler, scaling).
_OF_SIGNATURES = """
err exception traceback warn fail fault kill abort nan inf memor oom assert cuda nccl gloo gpu nvrm xid ecc timeout
timed mismatch invalid corrupt overflow resum restor checkpoint stop finish complet done sig exit rc= code status
preempt cancel connect broken address eaddrinuse space enospc quota disk worker ignor overrid shape expect dtype device
grad empty missing unsupported interrupt terminat segment stack token rendezvous store collective duplicate batch index
target label column permission denied truncat broadcast backward inplace retain diverg finite nvidia driver huge
collate sequence length decode json image codec newly initialized converge evict limit detect dumped tracer header zip
einsum dimension channel must bounds variable
samples zero reached effect skip early scal minimum alloc
resource rank kernel metric optimizer probably training parameter hip mps xpu bus processes size
watchdog peer socket wait crash requeue requested hangup deadline disconnect validat evaluat testing 0xc000
"""
_OF_OTHERS = """
version epoch step iter loss acc lr learning_rate ^c free( malloc attribute config argument namespace command -- python
torch reward eval val_ score perplexity ppl bleu norm psnr map f1 auc mse mae kl entropy elbo return fps plateau node
mib gib requires world dice iou precision recall ms/ cost gnorm wer cer fit module import unknown unrecog obj rate bits
bpc bpb mfu nll rouge ssim fid episod speed srun train sample file rule params data {" {' |
"""


def _compiled(*tables: str) -> re.Pattern[str]:
    """One alternation by first letter: the regex engine then tries a few branches at each place, not all."""
    by_letter: dict[str, list[str]] = defaultdict(list)
    for stem in sorted({stem for table in tables for stem in table.split()}):
        by_letter[stem[0]].append(re.escape(stem[1:]))
    branches = (re.escape(letter) + "(?:" + "|".join(rests) + ")" for letter, rests in by_letter.items())
    return re.compile("|".join(branches))


# For text in lower case: what a known wording must hold.
SIGNATURE_HINT = _compiled(_OF_SIGNATURES)
# For bytes in lower case: what any line worth reading must hold.
HINT = re.compile(_compiled(_OF_SIGNATURES, _OF_OTHERS).pattern.encode())
