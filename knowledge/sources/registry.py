"""The live sources, one row each. Keys are the user's own and are read from settings named for misrun, so that a token
that lies in the environment for another program is never sent."""

import os
from collections.abc import Mapping
from pathlib import Path

from misrun.knowledge.sources.arxiv import Arxiv
from misrun.knowledge.sources.crossref import Crossref
from misrun.knowledge.sources.github_issues import GitHubIssues
from misrun.knowledge.sources.openalex import OpenAlex
from misrun.knowledge.sources.openreview import OpenReview
from misrun.knowledge.sources.semantic_scholar import SemanticScholar
from misrun.knowledge.sources.source import Source
from misrun.knowledge.sources.stack_exchange import StackExchange
from misrun.knowledge.sources.web import Web


def open_web(home: Path, settings: Mapping[str, str] = os.environ) -> Web:
    """The client of all sources; its answers are kept under `home`."""
    return Web(home / "online", mailto=settings.get("MISRUN_MAILTO", ""))


def all_sources(web: Web, settings: Mapping[str, str] = os.environ) -> tuple[Source, ...]:
    """Every source, those that hold fixes before those that hold papers."""
    return (
        GitHubIssues(web, token=settings.get("MISRUN_GITHUB_TOKEN", "")),
        StackExchange(web, key=settings.get("MISRUN_STACKEXCHANGE_KEY", "")),
        Arxiv(web),
        SemanticScholar(web, key=settings.get("MISRUN_S2_KEY", "")),
        OpenAlex(web, key=settings.get("MISRUN_OPENALEX_KEY", "")),
        Crossref(web, mailto=settings.get("MISRUN_MAILTO", "")),
        OpenReview(web),
    )
