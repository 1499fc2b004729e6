from pathlib import Path

from misrun.tools.readers.registry import read_run

from .record_views import Read


def test_the_traceback_of_a_worker_has_frames_and_rank(data: Path) -> None:
    run = read_run(data / "torchrun")
    root = next(event for event in run.events if not event.secondary)
    assert (root.exception, root.message, root.rank) == ("ValueError", "boom in dataset index 17", 1)
    assert str(root.span) == "error_1.json:1"
    last = root.frames[-1]
    assert (last.file, last.line, last.function) == ("/home/user/ml/runs/distrec.py", 6, "main")
    assert run.ending.status == "crashed"


def test_a_lost_peer_is_secondary(data: Path) -> None:
    peer = next(event for event in read_run(data / "torchrun").events if event.rank == 0)
    assert (peer.name, peer.secondary) == ("peer_lost", True)


def test_the_rank_is_read_from_the_log_folder(read: Read) -> None:
    content = '{"message": {"message": "RuntimeError: CUDA out of memory. Tried to allocate 2.00 GiB", "extraInfo": {"timestamp": "1"}}}'
    (event,) = read({"logs/none_x/attempt_0/3/error.json": content}).events
    assert (event.name, event.rank, event.exception) == ("cuda_oom", 3, "RuntimeError")


def test_a_message_of_plain_text_is_an_event(read: Read) -> None:
    (event,) = read({"error.json": '{"message": "something odd happened"}'}).events
    assert (event.name, event.message) == ("traceback", "something odd happened")


def test_a_file_cut_inside_the_call_stack_keeps_its_frames(read: Read, data: Path) -> None:
    content = (data / "torchrun" / "error_1.json").read_text()
    run = read({"error_1.json": content[: content.index("raise ValueError")]})
    assert any(frame.file.endswith("distrec.py") for event in run.events for frame in event.frames)
    assert any("not complete JSON" in note for note in run.notes)
