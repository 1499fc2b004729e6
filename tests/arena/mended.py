"""The scripts of the arena with some or all of their bugs mended, by hand."""

import re

from misrun.scenarios.arena.catalogue import TASKS


def mended(task: str, variant: int, *bugs: str) -> str:
    """The script of a variant with these bugs mended (all of them where none is named)."""
    code = TASKS[task].script(variant)
    for bug in bugs or tuple(bug.id for bug in TASKS[task].bugs):
        changed = _MENDS[bug](code)
        assert changed != code, f"{task} variant {variant}: nothing to mend for {bug}"
        code = changed
    return code


def _step_order(code: str) -> str:
    return re.sub(r"( +\S+\.step\(\)\n)( +loss\.backward\(\)\n)", r"\2\1", code)


def _leak(code: str) -> str:
    """Splits the originals and augments what is trained on; the names are read from the script."""
    found = re.search(r"(\w+) = torch\.cat\(\[\w+\] \+ \[(\w+)\(", code)
    assert found is not None
    images, augment = found[1], found[2]
    labels = re.search(r"(\w+) = \w+\.repeat\(COPIES", code)[1]  # type: ignore[index]
    split = (
        f"n_val = len({images}) // 5\norder = torch.randperm(len({images}))\nval, train = order[:n_val], order[n_val:]\n"
        f"many = torch.cat([{images}[train]] + [{augment}({images}[train]) for _ in range(COPIES)])\n"
        f"train_set = TensorDataset(many, {labels}[train].repeat(COPIES + 1))\n"
        f"val_set = TensorDataset({images}[val], {labels}[val])\n"
    )
    start, end = found.start(), code.index("train_loader =")
    return code[:start] + split + code[end:]


def _evaluation(code: str) -> str:
    out = re.search(r"(\w+)(\.softmax\(dim=1\))?\.argmax\(dim=1", code)[1]  # type: ignore[index]
    start = code.index("\n", code.index(f"{out} = model(")) + 1
    return (
        code[:start] + f"    pred = (torch.sigmoid({out}) > 0.5).float()\n" + code[code.index("    return micro_f1") :]
    )


def _layout(code: str) -> str:
    code = re.sub(
        r"torch\.from_numpy\(data\[\"images\"\]\)\.float\(\)", r"\g<0>.permute(0, 3, 1, 2).contiguous()", code
    )
    return re.sub(
        r"(torch\.tensor\(self\.images\[index\], dtype=torch\.float32\))", r"\1.permute(2, 0, 1).contiguous()", code
    )


def _size(code: str) -> str:
    """The side of the images is told by the network's name and the layer's old size (variants 0 to 4)."""
    net, grid = re.search(r"class (\w+)\(nn\.Module\)", code)[1], re.search(r"nn\.Linear\(\d+ \* (\d+)", code)[1]  # type: ignore[index]
    real = {"SmallCNN7": 8, "ConvNet7": 6, "Net8": 7, "SmallCNN4": 5, "ConvNet8": 9}[net + grid]
    return re.sub(r"nn\.Linear\((\d+) \* \d+ \* \d+", rf"nn.Linear(\1 * {real} * {real}", code)


_MENDS = {
    "learning_rate": lambda code: re.sub(r"(lr=|LEARNING_RATE = )10\.?0?(?=\D)", r"\g<1>0.01", code),
    "step_order": _step_order,
    "log_of_zero": lambda code: re.sub(
        r"torch\.log\(((?:[^()]|\([^()]*\))+)\)", r"torch.log((\1).clamp(min=1e-7))",
        re.sub(r"\((\w|1 - \w)\)\.log\(\)|\b(\w)\.log\(\)", lambda m: f"torch.log({m[1] or m[2]})", code),
    ),
    "graph_kept": lambda code: code.replace("total_loss += loss\n", "total_loss += loss.item()\n")
    .replace("append(loss)", "append(loss.item())").replace("+ loss * len", "+ loss.item() * len"),
    "leak": _leak,
    "loss": lambda code: code.replace("CrossEntropyLoss", "BCEWithLogitsLoss")
    .replace("F.cross_entropy", "F.binary_cross_entropy_with_logits"),
    "evaluation": _evaluation,
    "frozen_in_optimizer": lambda code: re.sub(
        r"\((\w+)\.parameters\(\), lr", r"([p for p in \1.parameters() if p.requires_grad], lr", code),
    "size": _size,
    "layout": _layout,
    "labels": lambda code: code.replace("criterion(outputs, labels)", "criterion(outputs, labels.argmax(dim=1))")
    .replace("F.cross_entropy(model(batch), target)", "F.cross_entropy(model(batch), target.argmax(1))"),
    "batch": lambda code: code.replace("model(image)", "model(image.unsqueeze(0))").replace("model(picture)", "model(picture[None])"),
}  # fmt: skip
