"""Formulas as plain text: LaTeX and Unicode become one ASCII spelling ("beta1 = 0.9", "3*10^-4", "(q)/(sqrt(d_k))")."""

import re
import unicodedata

_GREEK = [
    "alpha",
    "beta",
    "gamma",
    "delta",
    "epsilon",
    "varepsilon",
    "zeta",
    "eta",
    "theta",
    "vartheta",
    "iota",
    "kappa",
    "lambda",
    "mu",
    "nu",
    "xi",
    "pi",
    "rho",
    "sigma",
    "tau",
    "phi",
    "varphi",
    "chi",
    "psi",
    "omega",
    "Delta",
    "Theta",
    "Lambda",
    "Sigma",
    "Phi",
    "Psi",
    "Omega",
    "Gamma",
]
_GREEK_LETTERS = str.maketrans(
    {"α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ε": "epsilon", "ϵ": "epsilon", "η": "eta", "θ": "theta",
     "κ": "kappa", "λ": "lambda", "μ": "mu", "µ": "mu", "ν": "nu", "π": "pi", "ρ": "rho", "σ": "sigma", "τ": "tau",
     "φ": "phi", "ϕ": "phi", "χ": "chi", "ψ": "psi", "ω": "omega", "ξ": "xi", "∈": " in ", "×": "*", "·": "*",
     "⋅": "*", "−": "-", "–": "-", "—": "-", "√": "sqrt", "≈": "=", "←": "<-", "‖": "||", "∥": "||", "ℒ": "L",
     "\u00a0": " ", "\u2009": " ", "\u202f": " ", "ﬁ": "fi", "ﬂ": "fl", "ᾱ": "abar"}
)  # fmt: skip
_SUPERSCRIPT = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺", "0123456789-+")
_SUBSCRIPT = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")
_RAISED = re.compile("[⁻⁺]?[⁰¹²³⁴⁵⁶⁷⁸⁹]+")
_LOWERED = re.compile("[₀₁₂₃₄₅₆₇₈₉]+")
# Commands that only change how their argument looks.
_LOOK = re.compile(
    r"\\(?:mathcal|mathrm|mathbf|mathbb|mathit|mathsf|mathtt|boldsymbol|bm|text|textrm|textbf|textit|texttt|textsc|emph"
    r"|operatorname\*?|mbox|num|SI|underline|ensuremath|mathscr|hbox|url)\s*\{([^{}]*)\}"
)
_HAT = re.compile(r"\\(hat|tilde|bar|overline|widehat|widetilde|vec)\s*(?:\{([^{}]*)\}|([A-Za-z]))")
_FRACTION = re.compile(r"\\[dt]?frac\s*\{([^{}]*)\}\s*\{([^{}]*)\}")
_ROOT = re.compile(r"\\sqrt\s*\{([^{}]*)\}")
_LOWERED_GROUP = re.compile(r"\s*_\s*\{([^{}]*)\}")
_RAISED_GROUP = re.compile(r"\s*\^\s*\{([^{}]*)\}")
_WORDS = {
    "times": "*", "cdot": "*", "leftarrow": "<-", "gets": "<-", "rightarrow": "->", "to": "->", "approx": "=",
    "top": "T", "intercal": "T", "mid": "|", "vert": "|", "Vert": "||", "parallel": "||", "lVert": "||", "rVert": "||",
    "|": "||", "in": " in ", "log": "log", "exp": "exp", "quad": " ", "qquad": " ", ",": " ", ";": " ", ":": " ",
    "!": "", " ": " ", "%": "%", "&": "&", "_": "_", "#": "#", "$": "$", "left": "", "right": "", "big": "", "Big": "",
    "bigl": "", "bigr": "", "bigg": "", "Bigg": "", "Bigl": "", "Bigr": "", "ell": "l", "sim": "~", "le": "<=",
    "leq": "<=", "ge": ">=", "geq": ">=", "nonumber": " ", "displaystyle": "", "limits": "", "{": "{", "}": "}",
}  # fmt: skip
_COMMAND = re.compile(r"\\([A-Za-z]+|.)")
# A formula nested deeper than this is not one that is compared.
_DEPTH = 6


def plain_math(text: str) -> str:
    """One line (or formula) in plain spelling; line ends stay where they are."""
    text = re.sub(r"(?<=\d)\{,\}(?=\d)", ",", re.sub(r"[ \t]{2,}", " ", text))
    text = re.sub(r"\\(?:label|ref|eqref|citep?|citet|footnotemark|tag)\s*\{[^{}]*\}", " ", text)
    for _ in range(_DEPTH):
        inner = _RAISED_GROUP.sub(_raised, _LOWERED_GROUP.sub(_lowered, _HAT.sub(_hat, _LOOK.sub(r"\1", text))))
        shorter = _ROOT.sub(r"sqrt(\1)", _FRACTION.sub(r"((\1)/(\2))", inner))
        if shorter == text:
            break
        text = shorter
    return _spaced(_indexed(_COMMAND.sub(_word, text)))


def _lowered(found: re.Match[str]) -> str:
    return "_" + re.sub(r"[\s,]+", "_", found[1].replace("\\", " ").strip())


def _raised(found: re.Match[str]) -> str:
    inner = found[1].strip()
    return f"^{inner}" if re.fullmatch(r"[-+]?\w+|\\\w+", inner) else f"^({inner})"


def _hat(found: re.Match[str]) -> str:
    name = (found[2] or found[3] or "").strip()
    return f"{name}bar" if found[1] in ("bar", "overline") else f"{name}_hat"


def _word(found: re.Match[str]) -> str:
    name = found[1]
    if name in _GREEK:
        return f" {name.removeprefix('var')} " if not name.startswith("vart") else " theta "
    return _WORDS.get(name, f" {name} ")


def _indexed(text: str) -> str:
    """Unicode letters and indices in ASCII, braces and dollars gone, "beta_1" as "beta1"."""
    text = _RAISED.sub(lambda m: "^" + m[0].translate(_SUPERSCRIPT), text)
    text = _LOWERED.sub(lambda m: m[0].translate(_SUBSCRIPT), text)
    text = re.sub(r"[α-ωϵϕ]+", lambda m: m[0].translate(_GREEK_LETTERS), text).translate(_GREEK_LETTERS)
    text = re.sub(r"\b(\w+)\s+_(?=\w)", r"\1_", text)
    text = re.sub(r"\b(beta|lambda|alpha|c|gamma|b)_(?=\d)", r"\1", text)
    text = re.sub(r"(?<=\d)\s*e\s*\{\s*([-+]?\d+)\s*\}", r"e\1", text)
    text = re.sub(r"(?<=\w)\s+'", "'", text)
    return text.replace("{", " ").replace("}", " ").replace("$", " ")


def _spaced(text: str) -> str:
    text = "".join(c for c in unicodedata.normalize("NFKC", text) if c == "\n" or unicodedata.category(c)[0] != "C")
    return re.sub(r"[ \t]+", " ", text)
