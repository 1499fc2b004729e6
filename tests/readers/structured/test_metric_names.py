import pytest

from misrun.tools.readers.metric_names import canonical_metric, is_measured_in_evaluation, is_training_metric, mebibytes


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("val_loss", ("loss", "eval")), ("eval/loss", ("loss", "eval")), ("valid loss", ("loss", "eval")),
        ("loss/val", ("loss", "eval")), ("Train Loss", ("loss", "train")), ("train_losses", ("loss", "train")),
        ("run 7 - train/loss", ("loss", "train")), ("lm loss", ("loss", "train")), ("train/grad norm", ("grad_norm", "train")),
        ("gnorm", ("grad_norm", "train")), ("lr-AdamW", ("lr", "train")), ("test_acc", ("accuracy", "eval")),
        ("val/box_loss", ("box_loss", "eval")), ("gpu_mem", ("memory", "system")), ("time/fps", ("throughput", "system")),
        ("approx_kl", ("kl", "train")), ("rollout/ep_rew_mean", ("reward", "train")), ("value_loss", ("value_loss", "train")),
    ],
)  # fmt: skip
def test_one_name_per_quantity(raw: str, expected: tuple[str, str]) -> None:
    assert canonical_metric(raw) == expected


@pytest.mark.parametrize(
    ("raw", "training"),
    [("train/box_loss", True), ("lr", True), ("weight_loss", False), ("time", False), ("price", False)],
)
def test_only_training_writes_training_metrics(raw: str, training: bool) -> None:
    assert is_training_metric(raw) is training


@pytest.mark.parametrize(
    ("raw", "value", "expected"),
    [
        ("mem_gb", 2, 2048),
        ("allocated_mib", 5, 5),
        ("rss_bytes", 2**21, 2),
        ("max_memory_allocated", 3 * 2**30, 3072),
        ("mem", 6814, 6814),
    ],
)
def test_memory_is_in_mebibytes(raw: str, value: float, expected: float) -> None:
    assert mebibytes(raw, value) == expected


@pytest.mark.parametrize(
    ("raw", "evaluated"),
    [
        ("f1", True), ("entity_f1", True), ("metrics/precision(B)", True), ("knn_acc", True), ("linear probe acc", True),
        ("macro avg f1", True), ("acc", False), ("token_acc", False), ("train_entity_f1", False), ("batch recall", False),
        ("val_f1", False), ("mixed_precision", False), ("dice_loss", False),
    ],
)  # fmt: skip
def test_the_last_words_tell_what_is_measured_in_evaluation(raw: str, evaluated: bool) -> None:
    assert is_measured_in_evaluation(raw) is evaluated
    assert not evaluated or canonical_metric(raw)[1] == "eval"
