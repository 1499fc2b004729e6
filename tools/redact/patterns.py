"""The shapes of secrets: of each vendor as its documentation gives them, of addresses, headers and logins.

Bodies are matched from about half their length on, so that a key cut short by a reader is still taken for one; the
vendors' prefixes make that safe. Shapes without a prefix (40 hexadecimal digits are a W&B key, a commit and a digest)
count only beside a name.
"""

import re
from typing import NamedTuple


class Pattern(NamedTuple):
    """`anchors` are texts of which one stands in every match, looked for first: a search for a text is a hundred times
    faster than one for an expression. `value` is the group that is replaced. `folded`: anchors are in lower case and
    looked for in the lowered text. `contextual`: the value has no shape of its own, and is looked for elsewhere too."""

    kind: str
    anchors: tuple[str, ...]
    expression: re.Pattern[str]
    source: str
    folded: bool = False
    contextual: bool = False


def _vendor(kind: str, anchors: str, expression: str, source: str) -> Pattern:
    return Pattern(kind, tuple(anchors.split()), re.compile(rf"(?<![A-Za-z0-9_])(?P<value>{expression})"), source)


_VENDORS = (
    _vendor("aws-key-id", "AKIA ASIA", r"(?:AKIA|ASIA)[A-Z0-9]{10,20}(?![A-Za-z0-9])",
            "docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html"),
    _vendor("google-api-key", "AIza", r"AIza[\w-]{20,45}", "cloud.google.com/docs/authentication/api-keys"),
    _vendor("google-oauth-token", "ya29. GOCSPX-", r"(?:ya29\.[\w-]{20,2000}|GOCSPX-[\w-]{16,40})",
            "developers.google.com/identity/protocols/oauth2"),
    _vendor("azure-key", "8Q~ 7Q~", r"[\w.~-]{3}[78]Q~[\w.~-]{20,40}",
            "learn.microsoft.com/purview/sit-defn-azure-ad-client-secret"),
    _vendor("github-token", "ghp_ gho_ ghu_ ghs_ ghr_ github_pat_",
            r"(?:gh[pousr]_[A-Za-z0-9]{16,255}(?:\.[\w-]{8,2000}){0,2}|github_pat_\w{20,255})",
            "github.blog/2021-04-05-behind-githubs-new-authentication-token-formats"),
    _vendor("gitlab-token", "glpat- gldt- glrt- glcbt- glptt- glft- glsoat- glagent- GR1348941",
            r"(?:gl(?:pat|dt|rt|cbt|ptt|ft|soat|agent)-[\w.-]{12,300}|GR1348941[\w-]{12,40})",
            "docs.gitlab.com/security/tokens/#token-prefixes"),
    _vendor("huggingface-token", "hf_ api_org_", r"(?:hf|api_org)_(?=[a-z0-9]{0,60}[A-Z])[A-Za-z0-9]{16,60}",
            "huggingface.co/docs/hub/security-tokens"),
    _vendor("anthropic-key", "sk-ant-", r"sk-ant-[\w-]{16,200}", "docs.anthropic.com/en/api/admin-api"),
    _vendor("openai-key", "sk-", r"sk-(?=[\w-]{0,100}\d)(?:(?:proj|svcacct|admin|None|or-v1|lf)-[\w-]{16,250}|[A-Za-z0-9]{20,64})",
            "platform.openai.com/docs/api-reference/authentication"),
    _vendor("wandb-key", "wandb_v1_ local-", r"(?:wandb_v1_\w{20,120}|local-[0-9a-f]{24,40})",
            "docs.wandb.ai/support/find_api_key"),
    _vendor("neptune-token", "eyJhcGlf", r"eyJhcGlf[A-Za-z0-9+/=_-]{20,1000}", "docs.neptune.ai/setup/setting_api_token"),
    _vendor("slack-token", "xox xapp-", r"(?:xox[abeoprs]-[\w.-]{10,300}|xapp-\d-[\w-]{10,200})",
            "api.slack.com/concepts/token-types"),
    _vendor("slack-webhook", "hooks.slack.com/", r"hooks\.slack\.com/(?:services|workflows)/[\w/-]{16,200}",
            "api.slack.com/messaging/webhooks"),
    _vendor("discord-webhook", "/api/webhooks/", r"discord(?:app)?\.com/api/webhooks/\d{8,25}/[\w-]{20,100}",
            "discord.com/developers/docs/resources/webhook"),
    _vendor("telegram-token", ":AA", r"\d{8,10}:AA[\w-]{16,40}", "core.telegram.org/bots/api#authorizing-your-bot"),
    _vendor("stripe-key", "_live_ _test_ whsec_", r"(?:[srp]k_(?:live|test)_[A-Za-z0-9]{10,250}|whsec_[A-Za-z0-9+/=]{20,80})",
            "docs.stripe.com/keys"),
    _vendor("twilio-key", "SK", r"SK[0-9a-f]{32}(?![A-Za-z0-9])", "twilio.com/docs/iam/api-keys"),
    _vendor("sendgrid-key", "SG.", r"SG\.[\w-]{16,30}\.[\w-]{1,60}", "twilio.com/docs/sendgrid/api-reference"),
    _vendor("npm-token", "npm_", r"npm_[A-Za-z0-9]{20,60}", "docs.npmjs.com/about-access-tokens"),
    _vendor("pypi-token", "pypi-Ag", r"pypi-Ag[\w-]{20,300}", "pypi.org/help/#apitoken"),
    _vendor("databricks-token", "dapi", r"dapi[0-9a-f]{20,32}(?:-\d)?", "docs.databricks.com/dev-tools/auth/pat"),
    _vendor("digitalocean-token", "_v1_", r"do[opr]_v1_[0-9a-f]{32,64}", "docs.digitalocean.com/reference/api"),
    _vendor("docker-token", "dckr_", r"dckr_(?:pat|oat)_[\w-]{12,60}", "docs.docker.com/security/access-tokens"),
    _vendor("replicate-token", "r8_", r"r8_[A-Za-z0-9]{20,40}", "replicate.com/docs/topics/security/api-tokens"),
    _vendor("groq-key", "gsk_", r"gsk_[A-Za-z0-9]{24,60}", "console.groq.com/docs/quickstart"),
    _vendor("nvidia-key", "nvapi-", r"nvapi-[\w-]{24,100}", "docs.nvidia.com/ngc/latest/ngc-user-guide.html"),
    _vendor("langsmith-key", "lsv2_", r"lsv2_(?:pt|sk)_[0-9a-f]{16,40}(?:_[0-9a-f]{4,16})?", "docs.smith.langchain.com"),
    _vendor("kaggle-token", "KGAT_", r"KGAT_[0-9a-f]{16,40}", "kaggle.com/docs/api"),
    _vendor("runpod-key", "rpa_", r"rpa_[A-Z0-9]{20,60}", "docs.runpod.io/get-started/api-keys"),
    _vendor("vault-token", "hvs. hvb.", r"hv[sb]\.[\w-]{20,300}", "developer.hashicorp.com/vault/docs/concepts/tokens"),
    _vendor("grafana-token", "glsa_ glc_", r"gl(?:sa|c)_[A-Za-z0-9+/=_]{20,300}", "grafana.com/docs/grafana/latest/administration/service-accounts"),
    _vendor("atlassian-token", "ATATT3", r"ATATT3[\w=-]{20,300}", "support.atlassian.com/atlassian-account"),
    _vendor("age-key", "AGE-SECRET-KEY-1", r"AGE-SECRET-KEY-1[A-Z0-9]{30,70}", "age-encryption.org/v1"),
    _vendor("jwt", "eyJ", r"eyJ[\w-]{8,4000}\.eyJ[\w-]{8,8000}(?:\.[\w-]{1,2000})?", "rfc-editor.org/rfc/rfc7519"),
)  # fmt: skip

# A quote in a file may be escaped, as code in a notebook is.
_QUOTE = r"(?:\\?[\"'])"
_URL = Pattern(
    "url-password",
    ("://",),
    re.compile(r"://[^\s/:@\"'<>\[\]]{0,100}:(?P<value>[^\s/@\"'<>\[\]]{1,200})@(?=[\w.\[-])"),
    "rfc-editor.org/rfc/rfc3986#section-3.2.1",
)
_SIGNED = Pattern(
    "signed-url",
    ("x-amz-", "x-goog-", "sig=", "signature=", "jwt=", "token="),
    re.compile(
        r"[?&;](?:X-(?:Amz|Goog)-(?:Signature|Credential|Security-Token)|sig|Signature|jwt|access_token|auth_token|token)"
        r"=(?P<value>[A-Za-z0-9%+/=_.~-]{16,4000})",
        re.I,
    ),
    "docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html",
    folded=True,
)
# A digit, or both cases: words of a sentence ("bearer of the model") have neither.
_CREDENTIAL = (
    r"(?P<value>(?=[A-Za-z+/=_.~:-]{0,2000}\d|(?-i:[a-z+/=_.~:-]{1,2000}[A-Z]|[A-Z+/=_.~:-]{2,2000}[a-z]))"
    r"[A-Za-z0-9+/=_.~:-]{8,4000})"
)
_HEADER = Pattern(
    "auth-header",
    ("authorization", "bearer ", "x-api-key", "private-token", "x-auth-token", "subscription-key"),
    re.compile(
        rf"(?:authorization{_QUOTE}?\s{{0,3}}[:=]\s{{0,3}}{_QUOTE}?(?:(?:bearer|basic|token|digest|negotiate)\s{{1,3}})?"
        rf"|\bbearer\s{{1,3}}"
        rf"|\b(?:x-api-key|private-token|x-auth-token|ocp-apim-subscription-key){_QUOTE}?\s{{0,3}}[:=]\s{{0,3}}{_QUOTE}?)"
        rf"{_CREDENTIAL}",
        re.I,
    ),
    "rfc-editor.org/rfc/rfc9110#section-11.6.2",
    folded=True,
)
_COOKIE = Pattern(
    "cookie",
    ("cookie",),
    re.compile(
        rf"\b(?:set-)?cookie{_QUOTE}?:\s{{0,3}}{_QUOTE}?(?P<value>[\w.!#$%&*+^`|~-]{{1,100}}=[^\n\"']{{6,4000}})", re.I
    ),
    "rfc-editor.org/rfc/rfc6265",
    folded=True,
)
_NETRC = Pattern(
    "password",
    ("machine ",),
    re.compile(r"\bmachine\s{1,4}\S{1,200}\s{1,20}login\s{1,4}\S{1,200}\s{1,20}password\s{1,4}(?P<value>\S{3,200})"),
    "gnu.org/software/inetutils/manual/html_node/The-_002enetrc-file.html",
    folded=True,
    contextual=True,
)
_WANDB_LOGIN = Pattern(
    "wandb-key",
    ("wandb",),
    re.compile(
        rf"wandb(?:\.|\s{{1,3}})login[\s(]{{1,3}}(?:--relogin\s)?(?:key\s{{0,2}}=\s{{0,2}})?{_QUOTE}?(?P<value>[0-9a-f]{{40}})"
    ),
    "docs.wandb.ai/ref/cli/wandb-login",
    folded=True,
    contextual=True,
)
PATTERNS = (_COOKIE, _WANDB_LOGIN, *_VENDORS, _URL, _SIGNED, _HEADER, _NETRC)
