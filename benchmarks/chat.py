"""How soon a conversation answers, without a language model, on the run that `misrun demo` investigates.

    python benchmarks/chat.py [repetitions]

Prints medians and maxima in milliseconds: from the end of the investigation to the first piece of its answer, for which
the bound is 300 ms; from a message to its answer where no investigation is needed; and the same through a pipe, from
the line that is written to the first byte of the answer.
"""

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from misrun.agents.researcher.answer import Answer, Working
from misrun.agents.researcher.conversation import Conversation
from misrun.agents.researcher.store import ConversationStore
from misrun.scenarios.library import load
from misrun.scenarios.recording import lay_out

DEMO = "r087"
MESSAGES = (
    "why?",
    "explain step 1",
    "show the source",
    "which line?",
    "what about the learning rate?",
    "loss at step 380",
)


def after_investigation(conversation: Conversation, run: Path) -> float:
    """Milliseconds from the end of the last stage to the answer."""
    ended = 0.0
    for event in conversation.say(f"/investigate {run}"):
        if isinstance(event, Working) and event.agent == "report" and event.done:
            ended = time.perf_counter()
        if isinstance(event, Answer):
            return 1000 * (time.perf_counter() - ended)
    raise AssertionError("a conversation always answers")


def answered(conversation: Conversation, message: str) -> float:
    """Milliseconds from a message to its answer."""
    began = time.perf_counter()
    next(event for event in conversation.say(message) if isinstance(event, Answer))
    return 1000 * (time.perf_counter() - began)


def through_a_pipe(session: str, repetitions: int) -> list[float]:
    """Milliseconds from a written line to the first byte of its answer."""
    command = [sys.executable, "-u", "-m", "misrun", "chat", session]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as chat:
        assert chat.stdin is not None
        assert chat.stdout is not None
        times = [_exchange(chat) for _ in range(repetitions + 1)]
        chat.stdin.close()
    return times[1:]  # the first one waits for the program to start


def _exchange(chat: "subprocess.Popen[bytes]") -> float:
    assert chat.stdin is not None
    assert chat.stdout is not None
    began = time.perf_counter()
    chat.stdin.write(b"/why\n")
    chat.stdin.flush()
    while b"likelihood" not in chat.stdout.readline():
        pass
    took = 1000 * (time.perf_counter() - began)
    chat.stdin.write(b"/step 99\n")
    chat.stdin.flush()
    while b"There is no step 99" not in chat.stdout.readline():
        pass
    return took


def told(name: str, times: list[float]) -> str:
    return f"{name}: median {statistics.median(times):.0f} ms, most {max(times):.0f} ms over {len(times)}\n"


def main() -> None:
    repetitions = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    with tempfile.TemporaryDirectory() as folder:
        run = lay_out(load(DEMO), Path(folder))
        store = ConversationStore(Path(folder))
        conversation = Conversation(store, store.create())
        sys.stdout.write(
            told("after the investigation", [after_investigation(conversation, run) for _ in range(repetitions)])
        )
        times = [answered(conversation, message) for _ in range(repetitions) for message in MESSAGES]
        sys.stdout.write(told("a question about it", times))
    _pipe(repetitions)


def _pipe(repetitions: int) -> None:
    """The pipe runs in misrun's own home, where its process looks for the conversation."""
    from misrun.tools.home import misrun_home

    with tempfile.TemporaryDirectory() as folder:
        store = ConversationStore(misrun_home())
        conversation = Conversation(store, store.create())
        after_investigation(conversation, lay_out(load(DEMO), Path(folder)))
        sys.stdout.write(told("a question through a pipe", through_a_pipe(conversation.session.id, repetitions)))


if __name__ == "__main__":
    main()
