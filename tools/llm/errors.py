"""What can go wrong with a language model, sorted by who can act on it.

A caller that has a result without the model catches ModelError, keeps that result and puts the message into its notes.
"""


class ModelError(Exception):
    """Anything that leaves a request without an answer. The message says what happened and what to do."""


class ModelMissing(ModelError):
    """For the user: no model is named, no server runs, or the model is not installed. Trying again changes nothing."""


class ModelFailed(ModelError):
    """For nobody: the server broke off, answered with its own error, or was silent too long, and again when retried."""


class RequestRefused(ModelError):
    """For the programmer: the server understood the request and will not have it (HTTP 4xx)."""


class BudgetSpent(ModelError):
    """For the caller: the tokens or the time it allowed are used up."""


class Stopped(ModelError):
    """The user stopped the request."""


class BadAnswer(ModelError):
    """The model answered and the answer is unusable: no JSON, another shape, a refusal; and again after one repair."""
