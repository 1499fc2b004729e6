"""What a paper states that is a matter of choice: which optimizer, which schedule, which form of a loss or an update."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from misrun.tools.code.implemented.losses import side_of
from misrun.tools.paper.document import MOST_STATEMENTS, Block, Paper
from misrun.tools.paper.record import Statement
from misrun.tools.paper.sentences import sentences
from misrun.tools.paper.standing import of_sentence


@dataclass(frozen=True)
class Said:
    """A pattern that states one choice. `context` must and `without` must not be in the sentence; `cased` patterns are
    names that mean something else in small letters. `known` choices explain a method: they count in any section."""

    topic: str
    choice: str
    pattern: str
    context: str = ""
    without: str = ""
    cased: bool = False
    known: bool = False


_RATE = r"learning[- ]rate|\blr\b|\brate\b|step size|anneal|schedule|decay"
_NOT_RATE = r"noise schedule|variance schedule|exploration|noise is|beta schedule|cosine similar"
_SAID = (
    *(Said("optimizer", name, rf"(?<![-\w]){pattern}(?![\w-])", cased=True) for name, pattern in (
        ("adamw", "AdamW"), ("adam", "(?:Adam|ADAM)"), ("sgd", "(?:SGD|[Ss]tochastic gradient descent)"), ("rmsprop", "RMS[Pp]rop"),
        ("radam", "RAdam"), ("nadam", "N[Aa]dam"), ("lamb", "LAMB"), ("lars", "LARS"), ("adagrad", "Ada[Gg]rad"),
        ("adafactor", "Ada[Ff]actor"), ("adadelta", "Ada[Dd]elta"), ("lion", "Lion"), ("muon", "Muon"), ("lbfgs", "L-?BFGS"))),
    Said("schedule", "cosine", r"\bcosine\b(?! similar| distance| loss| noise| embedding)", _RATE, _NOT_RATE),
    Said("schedule", "linear", r"linear(?:ly)? (?:learning rate )?(?:decay\w*|anneal\w*|decreas\w*)|(?:decay\w*|anneal\w*|decreas\w*) linearly", _RATE, _NOT_RATE),
    Said("schedule", "step", r"(?:divided|multiplied|reduced|decayed|dropped|lowered|decreased) by .{1,25}(?:every|at epochs?|after)|halved (?:every|at|after)|step decay|multi-?step (?:schedule|decay)", "", "plateau"),
    Said("schedule", "exponential", r"exponential(?:ly)? (?:learning rate )?(?:decay\w*|schedule|anneal\w*)|(?:decays?|decayed|decaying) exponentially", _RATE, "moving average"),
    Said("schedule", "polynomial", r"polynomial(?:ly)?", _RATE),
    Said("schedule", "inverse square root", r"inverse square[- ]root", _RATE),
    Said("schedule", "constant", r"(?:constant|fixed) learning rate|learning rate (?:is|was) (?:kept |held )?(?:constant|fixed)"),
    Said("schedule", "plateau", r"(?:reduced|decayed|lowered|when).{1,60}plateau"),
    *(Said("activation", name, rf"\b{pattern}\b") for name, pattern in (
        ("gelu", "GELUs?"), ("leaky relu", "leaky[- ]?ReLUs?"), ("relu", r"(?<!leaky )(?<!leaky-)ReLUs?"), ("silu", "(?:SiLU|swish)"), ("tanh", "tanh"),
        ("elu", "ELUs?"), ("selu", "SELUs?"), ("mish", "Mish"), ("softplus", "softplus"))),
    Said("norm_order", "pre", r"pre-?(?:LN|norm|layer-?norm)|(?:norm|normali[sz]ation)[^.]{0,30}before (?:each|every) (?:sub-?layer|block|residual)"),
    Said("norm_order", "post", r"post-?(?:LN|norm|layer-?norm)|(?:norm|normali[sz]ation)[^.]{0,30}after (?:each|every|the) (?:sub-?layer|residual)"),
    Said("positional_encoding", "sinusoidal", r"sinusoidal|sines and cosines|sine and cosine", "posit"),
    Said("positional_encoding", "learned", r"learn(?:ed|able|t) (?:absolute )?posit\w+"),
    Said("positional_encoding", "rotary", r"rotary|\bRoPE\b"),
    Said("attention_scale", "1/sqrt(d)", r"softmax ?\(+ ?Q ?K.{0,12}/ ?\(?sqrt|Q ?K.{0,4}\)*/\(?sqrt|scaled dot[- ]product attention|divided by (?:the square root of|sqrt)", known=True),
    Said("softmax_axis", "keys", r"softmax [^.]{0,30}over (?:the |all )?(?:keys|key positions)"),
    Said("td_target", "discount+done", r"r(?:_t)? ?\+ ?gamma ?\(1 ?- ?(?:d|done)\w*\)", known=True),
    Said("advantage", "r + gamma V - V", r"delta_t ?= ?r_?\w* ?\+ ?gamma ?V ?\(.{1,20}\) ?- ?V", known=True),
    Said("advantage_recursion", "gamma lambda", r"\( ?gamma ?lambda ?\)\^", known=True),
    Said("twin_minimum", "min", r"minimum of (?:the )?two|min_?\(?i ?=? ?1,? ?2|clipped double[- ]Q", known=True),
    Said("advantage_normalization", "normalized", r"advantages? (?:\w+ )?(?:are|is) (?:normali[sz]ed|standardi[sz]ed|whitened)|normali[sz]ed advantages?"),
    Said("target_gradient", "without gradient", r"no gradients? (?:is |are )?(?:passed|back-?propagated|flows?|propagated)[^.]{0,30}(?:target|teacher|reference)|gradients? (?:do|does) not flow (?:in)?to the (?:target|teacher|reference)|(?:stop-?gradient|detached?)[^.]{0,30}(?:target|teacher)|(?:target|teacher)[^.]{0,20}(?:stop-?gradient|detached|is not (?:back-?propagated|differentiated))"),
    Said("temperature_use", "divided", r"/ ?(?:tau|temperature)\b|divided by (?:a |the )?temperature", known=True),
    Said("similarity", "cosine", r"cosine similarit", "", "cosine similarity (?:loss|metric)"),
    Said("symmetric_loss", "both directions", r"symmetric (?:InfoNCE|cross[- ]entropy|contrastive|loss)|(?:over|in) both directions|over images and (?:over )?texts"),
    Said("distillation_scale", "times T^2", r"\bT\^2|T squared|square of the temperature", "KL|distill|teacher|soft", known=True),
    Said("focal_form", "(1 - p)^gamma", r"\(1 ?- ?p_?\w*\) ?\^ ?gamma", known=True),
    Said("prediction_target", "noise", r"predicts? the (?:added )?noise|noise prediction|epsilon[- ]prediction|predicted and true noise", "", "velocity"),
    Said("prediction_target", "velocity", r"predicts? the velocity|v-?prediction|velocity prediction"),
    Said("prediction_target", "data", r"predicts? the (?:clean|original|denoised) (?:image|data|sample|signal)|x_?0[- ]prediction"),
    Said("kl_sign", "positive", r"\+ ?(?:beta ?)?D?_?KL ?\(|KL ?\( ?q|D_KL ?\( ?q|minimi[sz]\w+.{1,60}KL", "", "maximi", known=True),
    Said("reduction", "sum", r"summed over (?:the )?(?:pixels|dimensions|time|elements|features|all|outputs|tokens|coordinates)|sum over (?:pixels|dimensions)"),
    Said("reduction", "mean", r"averaged over (?:the )?(?:pixels|dimensions|time|elements|features|outputs|coordinates)|mean over (?:pixels|dimensions)"),
    Said("quantizer_gradient", "as named", r"sg ?[\[(]|stop-?gradient operator", r"commitment|codebook|z_e|sg ?[\[(]", known=True),
    Said("moving_average", "", r""),
    Said("initialization", "xavier", r"(?:xavier|glorot)"), Said("initialization", "kaiming", r"(?:kaiming|he) initiali[sz]\w+"),
    Said("initialization", "orthogonal", r"orthogonal(?:ly)? initiali[sz]\w+|initiali[sz]\w+ orthogonal"),
)  # fmt: skip
_COMPILED = tuple(
    (said, re.compile(said.pattern, 0 if said.cased else re.IGNORECASE)) for said in _SAID if said.pattern
)
# theta' <- tau theta + (1 - tau) theta' and the same with the two in other order; "xi <- m xi + (1 - m) theta".
_AVERAGE = re.compile(r"(?<!\S)(\S{1,30}) ?<- ?(.{1,60}?)(?=[,;.]? (?:with|where|and)\b|[.;,\n]|$)", re.IGNORECASE)
_KL = re.compile(r"KL ?[\[(] ?([^|]{1,40}(?:\|[^|]{1,20})?) ?\|\| ?([^)\]]{1,40}(?:\|[^)\]]{1,20})?)[)\]]")
_UNIFORM = re.compile(r"initiali[sz]\w+ uniformly (?:in|from|between) \[? ?-(\d*\.?\d+)", re.IGNORECASE)
_NORMAL = re.compile(
    r"(?:normal|gaussian)[^.]{0,40}(?:std|standard deviation|sigma)[^.\d]{0,12}(\d*\.\d+)", re.IGNORECASE
)


def choice_statements(paper: Paper) -> tuple[Statement, ...]:
    """Every choice found, each with its place."""
    found = (
        statement
        for block in paper.blocks
        for offset, sentence in sentences(block)
        for statement in _of_sentence(paper, block, offset, sentence.replace("\n", " "))
    )
    return tuple(dict.fromkeys(islice(found, MOST_STATEMENTS)))


def _of_sentence(paper: Paper, block: Block, offset: int, sentence: str) -> Iterator[Statement]:
    standing = of_sentence(block, sentence)
    for said, pattern in _COMPILED:
        if said.context and not re.search(said.context, sentence, re.IGNORECASE):
            continue
        if said.without and re.search(said.without, sentence, re.IGNORECASE):
            continue
        for match in pattern.finditer(sentence):
            yield Statement(topic=said.topic, choice=said.choice, standing="own" if said.known else standing,
                            place=paper.place(block, offset + match.start()))  # fmt: skip
            break
    yield from _averages(paper, block, offset, sentence)
    yield from _divergences(paper, block, offset, sentence)
    for pattern, kind in ((_UNIFORM, "uniform"), (_NORMAL, "normal")):
        stated = pattern.search(sentence) if "initiali" in sentence else None
        if stated is not None:
            yield Statement(topic="initialization", choice=f"{kind} {float(stated[1]):g}", standing=standing,
                            place=paper.place(block, offset + stated.start()))  # fmt: skip


def _averages(paper: Paper, block: Block, offset: int, sentence: str) -> Iterator[Statement]:
    """Which weights the rate multiplies in a written-out moving average."""
    for match in _AVERAGE.finditer(sentence):
        slow, right = re.escape(match[1].strip()), match[2]
        if not re.search(r"1 ?- ?\w+", right):
            continue
        complemented = re.search(rf"\( ?1 ?- ?\w+ ?\) ?\*? ?{slow}(?![\w'])", right)
        plain = re.search(rf"(?:^|[+\s])[A-Za-z]\w* ?\*? ?{slow}(?![\w'])", right)
        if not complemented and not plain:
            continue
        choice = "rate on the new weights" if complemented else "rate on the old weights"
        yield Statement(topic="moving_average", choice=choice, place=paper.place(block, offset + match.start()))
    decay = re.search(
        r"(?:moving average|\bEMA\b)[^.]{0,60}(?:decay|rate|momentum)[^.\d]{0,20}0?\.9\d*", sentence, re.IGNORECASE
    )
    if decay:
        yield Statement(
            topic="moving_average", choice="rate on the old weights", place=paper.place(block, offset + decay.start())
        )


def _divergences(paper: Paper, block: Block, offset: int, sentence: str) -> Iterator[Statement]:
    for match in _KL.finditer(sentence):
        first, second = (_symbol_side(match[index]) for index in (1, 2))
        if first and second and first != second:
            yield Statement(
                topic="kl_direction", choice=f"{first} || {second}", place=paper.place(block, offset + match.start())
            )


def _symbol_side(text: str) -> str:
    """The role of one side of KL(p_T || p_S), KL(pi_theta || pi_ref), KL(q(z|x) || p(z))."""
    symbol = text.strip().replace(" ", "")
    for side, pattern in (
        ("teacher", r"p_?\^?[Tt](?:eacher)?\b|p_?\{?T|.*teach"), ("student", r"p_?\^?[Ss](?:tudent)?\b|.*stud"), ("reference", r".*ref"),
        ("old policy", r".*old"), ("policy", r"pi(?:_?theta)?\b|pi_theta"), ("posterior", r"q"), ("prior", r"p(?:_?theta)?\(z"),
    ):  # fmt: skip
        if re.match(pattern, symbol):
            return side
    return side_of(text)
