"""Investigations and turns of a chat at work: each on a thread of its own, what it says kept for whoever looks on."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from misrun.agents.graph import Progress
from misrun.agents.investigation import pursue
from misrun.agents.request import InvestigationError, Request

# Finished ones are reports on disk; their progress is kept for late lookers only.
_MOST_KEPT = 50


@dataclass
class Job:
    """One investigation. `said` grows; `failed` is what the user should do when it could not be done."""

    request: Request
    said: list[Progress] = field(default_factory=list)
    done: bool = False
    failed: str = ""
    _stop: threading.Event = field(default_factory=threading.Event)

    def stop(self) -> None:
        """What is known by then becomes a partial report."""
        self._stop.set()

    def work(self) -> None:
        try:
            pursue(self.request, self.said.append, self._stop.is_set)
        except InvestigationError as error:
            self.failed = str(error)
        # An unexpected defect must reach the page as well as the terminal, or the page would wait for ever.
        except Exception as error:
            self.failed = f"misrun itself failed: {type(error).__name__}. Its terminal shows where."
            raise
        finally:
            self.done = True


class Jobs:
    """All investigations that this application started."""

    def __init__(self) -> None:
        self._jobs: dict[str, Job] = {}

    def start(self, request: Request) -> Job:
        job = self._jobs[request.id] = Job(request)
        for finished in [name for name, one in self._jobs.items() if one.done][:-_MOST_KEPT]:
            del self._jobs[finished]
        threading.Thread(target=job.work, name=f"investigation-{request.id}", daemon=True).start()
        return job

    def find(self, session: str) -> Job | None:
        return self._jobs.get(session)

    def running(self) -> Iterator[Job]:
        return (job for job in self._jobs.values() if not job.done)


def on_a_thread(work: Callable[[], None]) -> threading.Thread:
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread
