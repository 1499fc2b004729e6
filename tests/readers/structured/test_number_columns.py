"""Files of bare numbers named after their metric."""

from collections.abc import Callable, Mapping

from misrun.tools.readers.run_record import RunRecord

Read = Callable[[Mapping[str, str | bytes]], RunRecord]


def test_steps_of_a_plan_beside_the_loss(read: Read) -> None:
    run = read({"loss.txt": "10/372 2.32\n20/372 2.31\n30/372 2.37\n"})
    series = run.best("loss")
    assert series is not None
    assert (series.steps, series.values, series.lines) == ((10.0, 20.0, 30.0), (2.32, 2.31, 2.37), (1, 2, 3))
    assert run.ending.planned_steps == 372
    assert run.ending.status == "unfinished"


def test_values_alone_are_counted(read: Read) -> None:
    series = read({"out/val_acc.txt": "0.31\n0.42\n0.51\n"}).best("accuracy", "eval")
    assert series is not None and series.values == (0.31, 0.42, 0.51)


def test_a_cut_last_line_is_passed_over(read: Read) -> None:
    series = read({"train_loss.log": "0 7.1\n50 6.2\n100 5.9\n150"}).best("loss")
    assert series is not None and series.values[:3] == (7.1, 6.2, 5.9)


def test_numbers_under_other_names_and_logs_with_words_are_not_taken(read: Read) -> None:
    assert read({"labels.txt": "1 0\n2 1\n3 1\n", "ids.txt": "4\n5\n6\n"}).series == ()
    run = read({"loss.txt": "start\nstep 1 loss 2.0\nstep 2 loss 1.9\n"})
    assert [s.values for s in run.named("loss")] == [(2.0, 1.9)]
