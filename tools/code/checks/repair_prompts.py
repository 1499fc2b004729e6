"""Repairs of samples whose answer is cut off behind a long prompt: the prompt cut, the answer kept.

Which end of the prompt goes follows the default of transformers' tokenizers (truncation "only_first", side "right").
"""

import ast

from misrun.tools.code.checks.repair_syntax import block_of, function_of, names_in, statement_of, text_of
from misrun.tools.code.patches import Edit
from misrun.tools.code.source import SourceFile
from misrun.tools.code.walking import unparsed, walk


def prompt_shortened(file: SourceFile, labels: ast.expr, limit: ast.expr | None) -> tuple[Edit, ...]:
    """`prompt = prompt[: max(limit - len(answer), 0)]` before the two are joined.

    `labels` is the sum that begins with the flags of the prompt: `[-100] * len(prompt) + answer + [eos]`.
    """
    first, *rest = _terms(labels)
    prompt = _counted(first)
    sizes = [_size(file, term) for term in rest]
    place = _first_use(file, labels, prompt)
    if not prompt or limit is None or not rest or any(size is None for size in sizes) or place is None:
        return ()
    if not _holds_before(file, limit, place):
        return ()
    room = " - ".join([text_of(file, limit), *(str(size) for size in sizes)])
    return (Edit("before", file, place, f"{prompt} = {prompt}[: max({room}, 0)]"),)


def _terms(node: ast.expr) -> list[ast.expr]:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return [*_terms(node.left), *_terms(node.right)]
    return [node]


def _counted(flags: ast.expr) -> str:
    """x of `[-100] * len(x)`."""
    count = flags.right if isinstance(flags, ast.BinOp) and isinstance(flags.op, ast.Mult) else None
    if isinstance(count, ast.Call) and unparsed(count.func) == "len" and isinstance(count.args[0], ast.Name):
        return count.args[0].id
    return ""


def _size(file: SourceFile, term: ast.expr) -> str | None:
    """How many tokens a term adds."""
    if isinstance(term, ast.Name):
        return f"len({term.id})"
    if isinstance(term, ast.List):
        return None if any(isinstance(e, ast.Starred) for e in term.elts) else str(len(term.elts))
    if isinstance(term, ast.BinOp) and isinstance(term.op, ast.Mult) and isinstance(term.left, ast.List):
        return text_of(file, term.right) if len(term.left.elts) == 1 else None
    return None


def _first_use(file: SourceFile, labels: ast.expr, prompt: str) -> ast.stmt | None:
    """The first statement of the block of the labels that joins the prompt to something; None if it was read before."""
    statement = statement_of(file, labels)
    for candidate in block_of(file, statement) if statement is not None else []:
        if prompt in names_in(candidate):
            joins = any(isinstance(n, ast.BinOp) for n in walk(candidate))
            return candidate if joins and isinstance(candidate, ast.Assign) else None
    return None


def _holds_before(file: SourceFile, limit: ast.expr, place: ast.stmt) -> bool:
    """Whether the limit is known there: an attribute, a number, or a name the function does not set later."""
    stored = {
        n.id
        for n in walk(function_of(file, place))
        if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store) and n.lineno >= place.lineno
    }
    return not names_in(limit) & stored
