"""All intents in the order in which a message is held against them: what is said most clearly comes first."""

from misrun.agents.researcher.intents import (
    code,
    compare,
    decline,
    evidence,
    helped,
    missing,
    model,
    open_run,
    report,
    search,
    step,
    supply,
    talk,
    tried,
    unknown,
    value,
    what_about,
    why,
    why_not,
)
from misrun.agents.researcher.intents.intent import Intent

INTENTS: tuple[Intent, ...] = (
    talk.HELP,
    talk.HELLO,
    talk.QUIT,
    talk.NEW,
    helped.INTENT,
    tried.INTENT,
    decline.INTENT,
    why_not.INTENT,
    step.INTENT,
    why.INTENT,
    evidence.INTENT,
    code.INTENT,
    compare.INTENT,
    missing.SURE,
    missing.INTENT,
    report.INTENT,
    model.INTENT,
    search.INTENT,
    open_run.INTENT,
    what_about.INTENT,
    value.INTENT,
    talk.THANKS,
    supply.INTENT,
    unknown.INTENT,
)
BY_NAME = {intent.name: intent for intent in INTENTS}
BY_COMMAND = {intent.command: intent for intent in INTENTS if intent.command}
