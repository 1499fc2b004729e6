"""`misrun schema`: the JSON schema of the report."""

import json
import sys


def schema_command() -> None:
    """Print the JSON schema of the report (what --json writes)."""
    from misrun.agents.report import Report

    json.dump(Report.model_json_schema(by_alias=True, mode="serialization"), sys.stdout, indent=2)
    sys.stdout.write("\n")
