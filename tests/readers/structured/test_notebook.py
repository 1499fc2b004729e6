import json

from .record_views import Read, series, settings, where


def notebook(*cells: dict[str, object]) -> str:
    return json.dumps({"cells": list(cells), "nbformat": 4}, indent=1)


def code(source: list[str], *outputs: dict[str, object]) -> dict[str, object]:
    return {"cell_type": "code", "source": source, "outputs": list(outputs)}


def line_with(text: str, part: str) -> int:
    return next(number for number, line in enumerate(text.split("\n"), start=1) if part in line)


def test_settings_cite_the_line_of_the_notebook(read: Read) -> None:
    text = notebook(
        {"cell_type": "markdown", "source": ["LR = 5\n"]},
        code(["!pip install torch\n", "%matplotlib inline\n", "LR = 0.01\n", "EPOCHS = 3"]),
        {"cell_type": "code", "source": "BATCH = 4\nif True:\n    print(1)"},
        code(["%%bash\n", "ls = 3"]),
    )
    run = read({"train.ipynb": text})
    assert settings(run) == {"LR": 0.01, "EPOCHS": 3, "BATCH": 4}
    assert where(run)["LR"] == f"train.ipynb:{line_with(text, 'LR = 0.01')}"
    assert [found.path for found in run.code] == ["train.ipynb"]


def test_printed_metrics_are_series_at_their_lines(read: Read) -> None:
    printed = {
        "output_type": "stream",
        "name": "stdout",
        "text": ["step 1: loss 2.5\n", "step 2: loss 1.5\n", "step 3: loss nan\n"],
    }
    text = notebook(code(["train()"], printed))
    loss = next(found for found in read({"n.ipynb": text}).series if found.name == "loss")
    assert loss.steps == (1, 2, 3)
    assert loss.first_nonfinite == 2
    assert loss.lines == tuple(line_with(text, f"step {step}: loss") for step in (1, 2, 3))


def test_the_error_of_a_cell_is_an_event(read: Read) -> None:
    traceback = [
        "\x1b[0;31m---------------------------------------------------------------------------\x1b[0m",
        "\x1b[0;31mRuntimeError\x1b[0m                              Traceback (most recent call last)",
        "Cell \x1b[0;32mIn[3], line 2\x1b[0m\n\x1b[1;32m      1\x1b[0m x = 1\n\x1b[0;32m----> 2\x1b[0m train()\n",
        "\x1b[0;31mRuntimeError\x1b[0m: CUDA out of memory. Tried to allocate 2.00 GiB",
    ]
    error = {"output_type": "error", "ename": "RuntimeError", "evalue": "CUDA out of memory.", "traceback": traceback}
    run = read({"n.ipynb": notebook(code(["train()"], error))})
    assert [(event.name, event.exception) for event in run.events if event.kind == "error"] == [
        ("cuda_oom", "RuntimeError")
    ]
    assert run.ending.status == "crashed"


TABLE = """<div><progress value='300'></progress></div>
<table border="1" class="dataframe">
  <thead>
 <tr style="text-align: left;">
      <th>Step</th>
      <th>Training Loss</th>
      <th>Validation Loss</th>
    </tr>
  </thead>
  <tbody>
    <tr>
      <td>100</td>
      <td>No log</td>
      <td>0.75</td>
    </tr>
    <tr>
      <td>200</td>
      <td>0.500000</td>
      <td>nan</td>
    </tr>
  </tbody>
</table><p>"""


def test_the_progress_table_of_the_trainer_is_series(read: Read) -> None:
    output = {
        "output_type": "display_data",
        "data": {"text/html": TABLE.splitlines(keepends=True), "text/plain": ["<IPython.core.display.HTML object>"]},
    }
    text = notebook(code(["trainer.train()"], output))
    run = read({"n.ipynb": text})
    train, val = series(run, "Training Loss"), series(run, "Validation Loss")
    assert (train.name, train.steps, train.values) == ("loss", (200,), (0.5,))
    assert (val.name, val.phase, val.steps, val.values[0]) == ("loss", "eval", (100, 200), 0.75)
    assert val.first_nonfinite == 1
    assert val.lines[0] == line_with(text, "0.75")


def test_a_table_of_data_is_not_series(read: Read) -> None:
    html = "<table><tr><th></th><th>price</th><th>sqft</th></tr><tr><th>0</th><td>1</td><td>2</td></tr></table>"
    run = read({"n.ipynb": notebook(code(["df"], {"output_type": "execute_result", "data": {"text/html": [html]}}))})
    assert run.series == ()
