"""What the answers of a conversation may look at: the run talked about, its report, the knowledge."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from misrun.agents.report import Report
from misrun.agents.researcher.case import Case
from misrun.agents.workbench import Workbench
from misrun.knowledge.entry import KnowledgeEntry
from misrun.knowledge.levels import LEVELS, search_text
from misrun.tools.llm.model import LanguageModel
from misrun.tools.readers.run_record import RunRecord


@dataclass(eq=False)
class Room:
    """One turn's view. `before` is the report that the last one replaced."""

    case: Case | None = None
    cases: tuple[Case, ...] = ()
    report: Report | None = None
    before: Report | None = None
    model: LanguageModel | None = None

    @cached_property
    def run(self) -> RunRecord:
        """The run as read; reading again is what a restarted conversation does too."""
        assert self.case is not None
        return self.bench.run

    @cached_property
    def bench(self) -> Workbench:
        assert self.case is not None
        return Workbench(self.case.request())

    def search(self, query: str, limit: int) -> Sequence[tuple[KnowledgeEntry, float]]:
        """The entries of the shipped knowledge nearest to a query, over all levels, with their scores."""
        from misrun.knowledge.index import open_index
        from misrun.knowledge.ontology import load_ontology

        index = open_index()
        try:
            found = search_text(index, query, LEVELS, load_ontology(), limit)
            return [(index.corpus.by_id[hit.id], hit.score) for _, hit in found]
        finally:
            index.close()
