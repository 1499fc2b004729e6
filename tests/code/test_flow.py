"""The flow of the data, on programs in the styles people write."""

from pathlib import Path

import pytest

from misrun.agents.auditors import data_flow
from misrun.tools.code.flow.record import Flow, Stage, Way
from misrun.tools.code.flow.tracer import trace_flows, unresolved_stages
from misrun.tools.code.interpreter import follow
from misrun.tools.code.project_model import Project

PROGRAMS = Path(__file__).parents[1] / "data" / "code" / "flows"


def flows_of(name: str) -> dict[str, Flow]:
    found = trace_flows(follow(Project.read(PROGRAMS, [f"{name}.py"])))
    return {flow.sink: flow for flow in found}


def way(flow: Flow, role: str) -> Way:
    return next(w for w in flow.ways if w.role == role)


def stage(found: Way, operation: str) -> Stage:
    return next(s for s in found.stages if s.operation == operation)


def test_images_are_followed_with_shape_axes_type_and_range() -> None:
    prediction = way(flows_of("digits")["nll_loss"], "prediction")
    names = [s.operation for s in prediction.stages]
    assert names == ["MNIST", "ToTensor", "Normalize", "batch", "to", "conv2d", "relu", "conv2d", "relu", "max_pool2d",
                     "flatten", "linear", "relu", "linear", "log_softmax"]  # fmt: skip
    batch = stage(prediction, "batch")
    assert (batch.sizes, batch.axes) == (("B", "1", "28", "28"), ("batch", "channel", "height", "width"))
    # (0 - 0.1307) / 0.3081 and (1 - 0.1307) / 0.3081
    assert (batch.dtype, batch.values) == ("float32", "-0.4242 .. 2.821 (normalised)")
    # 28 - 2 - 2 = 24, halved by the pool: 64 * 12 * 12
    assert stage(prediction, "flatten").sizes == ("B", "9216")
    assert prediction.stages[-1].values == "-inf .. 0 (log-probabilities)"


def test_boundaries_are_named() -> None:
    prediction = way(flows_of("digits")["nll_loss"], "prediction")
    crossed = {s.operation: s.boundary for s in prediction.stages if s.boundary}
    assert crossed == {"MNIST": "disk", "batch": "process", "to": "device"}
    own = way(flows_of("own_dataset")["cross_entropy"], "prediction")
    assert [s.operation for s in own.stages if s.boundary == "framework"] == ["from_numpy"]
    assert stage(own, "cuda").device == "cuda"


def test_target_has_its_own_range() -> None:
    target = way(flows_of("digits")["nll_loss"], "target")
    assert (target.stages[-1].sizes, target.stages[-1].values) == (("B",), "0 .. 9 (class index)")


def test_metric_is_a_sink_and_a_missing_transform_is_a_difference() -> None:
    flows = flows_of("digits")
    accuracy = flows["accuracy"]
    assert (accuracy.kind, accuracy.line) == ("metric", 43)
    assert [w.role for w in accuracy.ways] == ["prediction", "target"]
    assert accuracy.differences == ("the input is not normalised here, but on the way to nll_loss (digits.py:32)",)
    assert way(accuracy, "prediction").stages[-1].values == "0 .. 9 (class index)"


def test_image_read_by_a_data_set_class_keeps_its_named_axes() -> None:
    prediction = way(flows_of("own_dataset")["cross_entropy"], "prediction")
    read, scaled = prediction.stages[0], stage(prediction, "div")
    assert (read.operation, read.boundary, read.axes) == ("cv2.imread", "disk", ("height", "width", "channel"))
    assert read.notes == ("file named by own_dataset.py:7",)
    assert (read.dtype, read.values) == ("uint8", "0 .. 255 (image)")
    assert (scaled.dtype, scaled.values) == ("float32", "0 .. 1 (image)")
    assert stage(prediction, "permute").axes == ("channel", "height", "width")
    assert prediction.stages[-1].values == "logits"


def test_batch_of_lightning_and_the_shift_of_a_language_model_are_seen() -> None:
    flow = flows_of("lightning_module")["cross_entropy"]
    prediction, target = way(flow, "prediction"), way(flow, "target")
    assert [s.operation for s in prediction.stages][:3] == [
        "batch (argument of training_step)",
        "['input_ids']",
        "[:, :-1]",
    ]
    assert [s.operation for s in target.stages] == [
        "batch (argument of training_step)",
        "['input_ids']",
        "[:, 1:]",
        "reshape",
    ]
    assert stage(prediction, "lstm").axes == ("batch", "time", "feature")
    assert stage(target, "[:, 1:]").values == "token ids"
    assert not prediction.unresolved


def test_tables_and_libraries_that_fit() -> None:
    flows = flows_of("table_fit")
    fit = flows["LogisticRegression.fit"]
    assert (fit.kind, [w.role for w in fit.ways]) == ("fit", ["input", "target"])
    assert [s.operation for s in way(fit, "target").stages] == ["pandas.read_csv", "['y']", "train_test_split"]
    prediction = way(flows["accuracy_score"], "prediction")
    assert [s.operation for s in prediction.stages][-2:] == ["StandardScaler.transform", "LogisticRegression.predict"]


def test_data_sets_of_a_trainer() -> None:
    flow = flows_of("text_trainer")["Trainer"]
    assert [w.role for w in flow.ways] == ["train dataset", "eval dataset"]
    assert [s.operation for s in flow.ways[1].stages] == ["datasets.load_dataset", "map", "['test']"]


def test_loss_written_by_hand_and_a_change_in_place() -> None:
    loss = way(flows_of("own_loss")["backward"], "loss")
    source, changed = loss.stages[0], stage(loss, "tensor")
    assert (source.operation, source.values) == ("standard_normal", "standard normal")
    assert changed.notes == ("parts overwritten in place at own_loss.py:10",)
    assert stage(loss, "softmax").values == "0 .. 1 (probabilities, sum 1)"
    assert loss.stages[-1].operation == "neg"


def test_stage_that_is_not_in_the_code_is_reported() -> None:
    flows = tuple(flows_of("hidden_stage").values())
    (finding,) = unresolved_stages(flows)
    assert (finding.check, finding.file, finding.line, finding.severity) == (
        "unresolved-stage",
        "hidden_stage.py",
        10,
        "note",
    )
    assert "augment" in finding.message and "cross_entropy" in finding.message
    assert way(flows[0], "target").stages[-1].values == "0 .. 3"


def test_auditor_keeps_what_is_not_resolved_apart_from_its_findings() -> None:
    audit = data_flow.audit(PROGRAMS, ["hidden_stage.py"])
    assert (audit.status, audit.findings) == ("done", ())
    assert [f.line for f in audit.unresolved] == [10]
    assert [flow.sink for flow in audit.flows] == ["cross_entropy"]
    assert all("prediction" not in text for text in audit.clean)


def test_gradient_of_jax_code_is_followed_to_the_update(tmp_path: Path) -> None:
    text = "import jax\nimport optax\ndef loss_fn(p, x):\n    return optax.l2_loss(net.apply(p, x)).mean()\n"
    text += "def step(p, s, x):\n    g = jax.grad(loss_fn)(p, x)\n    u, s = tx.update(g, s)\n    return optax.apply_updates(p, u), s\n"
    (tmp_path / "t.py").write_text(text)
    (flow,) = trace_flows(follow(Project.read(tmp_path)))
    assert (flow.sink, flow.line) == ("loss_fn", 3)
    assert [(s.operation, s.line) for s in flow.ways[0].stages] == [
        ("p, x (arguments of loss_fn)", 3), ("apply", 4), ("l2_loss", 4), ("mean", 4), ("grad", 6), ("update", 7), ("apply_updates", 8),
    ]  # fmt: skip


@pytest.mark.parametrize("text", ["", "x = 1\n", "def f(a):\n    return a\n", "import torch\nloss.backward()\n"])
def test_code_without_a_flow_gives_none_or_an_open_one(text: str, tmp_path: Path) -> None:
    (tmp_path / "t.py").write_text(text)
    found = trace_flows(follow(Project.read(tmp_path)))
    assert all(not w.stages for flow in found for w in flow.ways)
