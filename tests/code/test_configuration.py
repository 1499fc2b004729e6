"""Settings that the code reads from files of the project are known to the checks."""

from pathlib import Path

from misrun.tools.code.inspect import inspect

_TRAIN = """\
import yaml
import torch
from torch import nn

config = yaml.safe_load(open("settings.yaml"))
ends = {"none": nn.Identity, "softmax": lambda: nn.Softmax(dim=-1)}
net = nn.Sequential(nn.Linear(8, 4), ends[config["model"]["end"]]())
opt = torch.optim.Adam(net.parameters(), lr=1e-3)
for x, y in [(torch.randn(3, 8), torch.zeros(3).long())] * 10:
    loss = nn.functional.cross_entropy(net(x), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
"""


def _found(folder: Path, end: str) -> list[str]:
    (folder / "train.py").write_text(_TRAIN, encoding="utf-8")
    (folder / "settings.yaml").write_text(f"model:\n  end: {end}\n", encoding="utf-8")
    return [finding.check for finding in inspect(folder).findings]


def test_a_layer_chosen_by_a_file_is_followed(tmp_path: Path) -> None:
    assert _found(tmp_path, "softmax") == ["softmax-before-cross-entropy"]


def test_the_other_choice_is_clean(tmp_path: Path) -> None:
    assert _found(tmp_path, "none") == []
