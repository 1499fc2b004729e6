"""Nothing said is lost: sessions are kept, listed, gone on with, exported; a kill in the middle of a turn loses none."""

import os
import re
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from misrun.agents import investigation
from misrun.agents.graph import build_consultation, open_saver
from misrun.agents.researcher.answer import Answer, Working
from misrun.agents.researcher.conversation import Conversation
from misrun.agents.researcher.reopen import session_of_report
from misrun.agents.researcher.store import ConversationStore
from misrun.chat.export import to_markdown
from misrun.scenarios.library import load
from misrun.scenarios.recording import lay_out

LOG = "RuntimeError: CUDA out of memory. Tried to allocate 2.00 GiB (GPU 0; 23.69 GiB total capacity)"
FLAT = "\n".join(f"Epoch {n}: loss 2.3{n % 2}" for n in range(1, 6))


def said(conversation: Conversation, text: str) -> Answer:
    return next(event for event in conversation.say(text) if isinstance(event, Answer))


def chat(*arguments: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "misrun", "chat", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_a_conversation_goes_on_where_it_stood(store: ConversationStore) -> None:
    first = Conversation(store, store.create())
    before = said(first, LOG)
    again = Conversation(store, store.load(first.session.id))
    assert again.turns == first.turns
    assert said(again, "why?").lines[0].text.endswith(before.lines[0].text)
    assert [turn.said for turn in again.turns] == [LOG, "why?"]


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL is a POSIX thing")
def test_a_kill_in_the_middle_of_a_turn_loses_no_turn(store: ConversationStore, tmp_path: Path) -> None:
    """Killed as soon as the second message is kept, wherever its investigation then stands."""
    run = lay_out(load("r087"), tmp_path)
    process = chat(str(run))
    assert process.stdin is not None
    assert process.stderr is not None
    identity = next(m[1] for line in process.stderr if (m := re.search(r"conversation (\w{8})", line)))
    process.stdin.write("/tried lowering the learning rate\n")
    process.stdin.flush()
    while len(store.turns(identity)) < 2:
        assert process.poll() is None
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    assert [turn.said for turn in store.turns(identity)][1] == "/tried lowering the learning rate"

    out, err = chat(identity).communicate("why?\n", timeout=120)
    assert "Traceback" not in err
    turns = store.turns(identity)
    assert [turn.said for turn in turns][1:] == ["/tried lowering the learning rate", "why?"]
    assert all(turn.answer is not None for turn in turns)
    assert turns[1].answer is not None
    assert turns[1].answer.intent == "tried"
    assert "> why?" in out


def test_an_unanswered_turn_goes_on_with_its_own_investigation(
    store: ConversationStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A turn that died in the middle of its investigation, taken up again, resumes that very investigation."""
    from misrun.agents import graph

    def dies(*_: object, **__: object) -> None:
        raise SystemExit("killed")

    conversation = Conversation(store, store.create())
    with monkeypatch.context() as patch:
        patch.setattr(graph, "search_literature", dies)
        with pytest.raises(SystemExit):
            list(conversation.say(LOG))
    again = Conversation(store, store.load(conversation.session.id))
    assert again.pending is not None
    events = list(again.take_up())
    stages = [event.agent for event in events if isinstance(event, Working) and event.done]
    assert "read" not in stages
    assert "literature" in stages
    assert again.pending is None
    assert list(again.take_up()) == []


def test_the_question_waits_in_the_graph_over_a_restart(store: ConversationStore) -> None:
    conversation = Conversation(store, store.create())
    asked = said(conversation, FLAT).asks
    saver = open_saver(store.home / "consultations.sqlite")
    config = {"configurable": {"thread_id": f"{conversation.session.id}-1"}}
    waiting = build_consultation(saver).get_state(config)  # type: ignore[arg-type]
    saver.conn.close()
    assert waiting.next == ("ask",)
    assert waiting.interrupts[0].value == asked
    again = Conversation(store, store.load(conversation.session.id))
    assert said(again, "/skip").asks not in ("", asked)


def test_stopping_keeps_what_is_known_and_investigate_goes_on(store: ConversationStore, runs: Path) -> None:
    run = lay_out(load("r087"), runs / "stopped")
    conversation = Conversation(store, store.create())
    answer = None
    for event in conversation.say(str(run)):
        if isinstance(event, Working) and event.agent == "triage":
            conversation.stop()
        answer = event if isinstance(event, Answer) else answer
    assert answer is not None
    assert any("/investigate goes on" in note for note in answer.notes)
    stages = [e.agent for e in conversation.say("/investigate") if isinstance(e, Working) and e.done]
    assert "read" not in stages
    assert conversation.report is not None
    assert conversation.report.complete


def test_a_stop_from_another_thread_ends_the_step(store: ConversationStore) -> None:
    conversation = Conversation(store, store.create())
    stopper = threading.Timer(0.0, conversation.stop)
    stopper.start()
    stopper.join()
    assert said(conversation, LOG).intent == "supply"


def test_a_stored_report_is_talked_about_without_another_investigation(store: ConversationStore, runs: Path) -> None:
    report = investigation.investigate(investigation.new_request(text=LOG, tried=("empty_cache",)))
    conversation = Conversation(store, session_of_report(store, report.id))
    assert said(conversation, "why?").report == report.id
    assert conversation.session.case is not None
    assert conversation.session.case.tried == ("empty_cache",)
    assert "Device oom" in said(conversation, "I tried a smaller batch size").head


def test_a_run_that_cannot_be_read_is_told_and_forgotten(store: ConversationStore, runs: Path, tmp_path: Path) -> None:
    conversation = Conversation(store, store.create())
    assert "could be investigated" in said(conversation, str(tmp_path)).head
    assert conversation.session.case is None
    assert "Unstable arithmetic" in said(conversation, str(lay_out(load("r087"), runs / "after"))).head
    assert len(conversation.session.cases) == 1


def test_a_message_with_half_a_character_is_kept(store: ConversationStore) -> None:
    conversation = Conversation(store, store.create())
    said(conversation, "what \udcff is \x00 this")
    assert len(conversation.turns) == 1


def test_the_list_names_what_a_conversation_is_about(store: ConversationStore) -> None:
    conversation = Conversation(store, store.create())
    empty = store.create()
    said(conversation, "hello there")
    listed = {item.id: item for item in store.sessions()}
    assert (listed[conversation.session.id].about, listed[conversation.session.id].turns) == ("hello there", 1)
    assert empty.id not in listed


def test_the_export_holds_every_turn_and_no_markup_of_a_log(store: ConversationStore) -> None:
    conversation = Conversation(store, store.create())
    said(conversation, f"{LOG}\n# not a headline <b>bold</b> @someone #12")
    said(conversation, "why?")
    text = to_markdown(conversation)
    assert text.count("\n## ") == 2
    assert "**Device oom" in text
    assert "\n# not a headline <b>" in text.split("```")[1]


def test_the_command_lists_and_exports(store: ConversationStore, tmp_path: Path) -> None:
    conversation = Conversation(store, store.create())
    said(conversation, "hello there, export")
    out, _ = chat("--list").communicate(timeout=60)
    assert conversation.session.id in out
    file = tmp_path / "talk.md"
    process = chat(conversation.session.id, "--export", str(file))
    process.communicate(timeout=60)
    assert process.returncode == 0
    assert "hello there, export" in file.read_text()


def test_what_is_not_there_is_told_with_what_to_do() -> None:
    process = chat("no-such-run")
    _, err = process.communicate(timeout=60)
    assert process.returncode == 2
    assert "--list" in err
