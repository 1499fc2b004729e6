"""Files that lie in a run folder and say nothing about the run: tokenizers, indexes, lock files, data."""

import re

from misrun.tools.readers.builder import RunBuilder
from misrun.tools.readers.reader import Source

_NAMES = re.compile(
    r"(?:^|/)\.(?:vscode|idea|github|circleci|devcontainer)/|(?:^|/)(?:tokenizer\.json|vocab\.json|vocab\.txt|"
    r"merges\.txt|special_tokens_map\.json|added_tokens\.json|[^/]{0,80}\.index\.json|"
    r"package(?:-lock)?\.json|poetry\.lock|uv\.lock|LICENSE[^/]{0,20}|CITATION\.cff|dataset_infos?\.json|"
    r"dataset_dict\.json|\.gitignore|\.gitattributes|\.dockerignore)$"
)
_SECRETS = re.compile(
    r"(?:^|/)(?:\.env(?:\.[^/]{1,40})?|\.netrc|credentials(?:\.json)?|[^/]{0,80}\.pem|id_(?:rsa|ed25519)|\.?kaggle\.json)$"
)
_DATA = re.compile(
    r"\.(?:csv|tsv|jsonl|ndjson|json|xml|html?|css|js|map|geojson|srt|vtt|svg|arff|libsvm|conllu?|bib|tex|po)$",
    re.IGNORECASE,
)


class PassedOver:
    """Known by name; asked first."""

    name = "passed over"

    def sniff(self, source: Source) -> bool:
        return _NAMES.search(source.name) is not None or _SECRETS.search(source.name) is not None

    def read(self, source: Source, run: RunBuilder) -> None:
        secret = _SECRETS.search(source.name) is not None
        run.skip(source.name, "holds credentials" if secret else "describes a tokenizer, data or package, not the run")


class DataFile:
    """Known by its suffix, when no reader found metrics or settings in it; asked last before plain text."""

    name = "data"

    def sniff(self, source: Source) -> bool:
        return _DATA.search(source.name) is not None

    def read(self, source: Source, run: RunBuilder) -> None:
        run.skip(source.name, "holds data, no training metrics: no column of steps, epochs or a known metric was found")
