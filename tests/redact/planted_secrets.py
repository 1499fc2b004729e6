"""Secrets of every kind, made up here letter by letter: none opens anything, and none stands in this file as it is."""

import base64
import json
import random
import string
from typing import NamedTuple

_ALNUM = string.ascii_letters + string.digits
_HEX = "0123456789abcdef"
_UPPER = string.ascii_uppercase + string.digits


class Planted(NamedTuple):
    """`value` is what may be found nowhere, `line` a line of a log, a settings file or code that holds it."""

    kind: str
    value: str
    line: str


def _word(seed: str, length: int, letters: str = _ALNUM) -> str:
    return "".join(random.Random(seed).choices(letters, k=length))


def _jwt(seed: str) -> str:
    parts = (json.dumps({"alg": "HS256", "n": seed}), json.dumps({"sub": seed, "admin": True}))
    return ".".join(base64.urlsafe_b64encode(p.encode()).decode().rstrip("=") for p in parts) + "." + _word(seed, 43)


def _neptune(seed: str) -> str:
    token = {"api_address": "https://app.neptune.ai", "api_url": "https://app.neptune.ai", "api_key": _word(seed, 36)}
    return base64.b64encode(json.dumps(token).encode()).decode()


def _vendors() -> list[tuple[str, str]]:
    """(kind, value) of what its own shape gives away."""
    return [
        ("aws-key-id", "AKIA" + _word("aws", 16, string.ascii_uppercase + "234567")),
        ("aws-key-id", "ASIA" + _word("aws2", 16, string.ascii_uppercase + "234567")),
        ("google-api-key", "AIza" + _word("google", 35)),
        ("google-oauth-token", "ya29." + _word("oauth", 80)),
        ("google-oauth-token", "GOCSPX-" + _word("client", 28)),
        ("azure-key", "a1b8Q~" + _word("azure", 34)),
        ("github-token", "ghp_" + _word("ghp", 36)),
        ("github-token", "gho_" + _word("gho", 36)),
        ("github-token", "ghs_" + _word("ghs", 36)),
        ("github-token", "github_pat_" + _word("pat", 22) + "_" + _word("pat2", 59)),
        ("gitlab-token", "glpat-" + _word("glpat", 20)),
        ("huggingface-token", "hf_" + _word("hf", 34, string.ascii_letters)),
        ("huggingface-token", "api_org_" + _word("org", 34, string.ascii_letters)),
        ("openai-key", "sk-" + _word("sk", 48)),
        ("openai-key", "sk-proj-" + _word("proj", 120)),
        ("anthropic-key", "sk-ant-api03-" + _word("ant", 93) + "AA"),
        ("wandb-key", "wandb_v1_" + _word("wandb1", 70)),
        ("wandb-key", "local-" + _word("wandb2", 40, _HEX)),
        ("neptune-token", _neptune("neptune")),
        ("slack-token", "xoxb-" + _word("slack1", 12, string.digits) + "-" + _word("slack2", 24)),
        ("slack-token", "xapp-1-" + _word("slack3", 60)),
        ("stripe-key", "sk_live_" + _word("stripe", 24)),
        ("stripe-key", "rk_test_" + _word("stripe2", 24)),
        ("twilio-key", "SK" + _word("twilio", 32, _HEX)),
        ("sendgrid-key", "SG." + _word("sg1", 22) + "." + _word("sg2", 43)),
        ("npm-token", "npm_" + _word("npm", 36)),
        ("pypi-token", "pypi-AgEIcHlwaS5vcmc" + _word("pypi", 80)),
        ("databricks-token", "dapi" + _word("dapi", 32, _HEX)),
        ("digitalocean-token", "dop_v1_" + _word("dop", 64, _HEX)),
        ("docker-token", "dckr_pat_" + _word("dckr", 27)),
        ("replicate-token", "r8_" + _word("r8", 37)),
        ("groq-key", "gsk_" + _word("gsk", 52)),
        ("nvidia-key", "nvapi-" + _word("nv", 64)),
        ("langsmith-key", "lsv2_pt_" + _word("ls", 32, _HEX) + "_" + _word("ls2", 10, _HEX)),
        ("kaggle-token", "KGAT_" + _word("kaggle", 32, _HEX)),
        ("runpod-key", "rpa_" + _word("runpod", 40, _UPPER)),
        ("vault-token", "hvs." + _word("vault", 90)),
        ("jwt", _jwt("jwt")),
        ("telegram-token", _word("tg", 10, "123456789") + ":AA" + _word("tg2", 33)),
    ]


def vendor_secrets() -> list[Planted]:
    return [Planted(kind, value, f"using {value} for the upload") for kind, value in _vendors()]


def named_secrets() -> list[Planted]:
    """What only its surroundings give away."""
    hexes = [_word(f"hex{n}", 40, _HEX) for n in range(4)]
    words = [_word(f"word{n}", 18) + "9a" for n in range(20)]
    return [
        Planted("key", hexes[0], f"WANDB_API_KEY={hexes[0]}"),
        Planted("wandb-key", hexes[1], f"$ wandb login {hexes[1]}"),
        Planted("wandb-key", hexes[2], f'wandb.login(key="{hexes[2]}")'),
        Planted("password", hexes[3], f"machine api.wandb.ai login user password {hexes[3]}"),
        Planted("key", words[0], f"export COMET_API_KEY={words[0]}"),
        Planted("key", words[1], f'comet_ml.init(api_key="{words[1]}", project="p")'),
        Planted("key", words[2], f"aws_secret_access_key = {words[2]}/+x"),
        Planted("token", words[3], f"AWS_SESSION_TOKEN={words[3]}"),
        Planted("password", words[4], f"DB_PASSWORD={words[4]}"),
        Planted("password", "swordfish", "MYSQL_PASSWORD=swordfish"),
        Planted("password", words[5], f"    'password': '{words[5]}',"),
        Planted("secret", words[6], f'{{"client_secret": "{words[6]}", "lr": 0.1}}'),
        Planted("token", words[7], f"Namespace(lr=0.1, hub_token='{words[7]}', epochs=3)"),
        Planted("token", words[8], f"python train.py --hub_token {words[8]} --lr 0.1"),
        Planted("key", words[9], f"python train.py --wandb-api-key={words[9]} --lr 0.1"),
        Planted("url-password", words[10], f"postgresql://trainer:{words[10]}@db.example.org:5432/runs"),
        Planted("url-password", words[11], f"git clone https://oauth2:{words[11]}@git.example.org/a/b.git"),
        Planted("url-password", words[12], f"redis://:{words[12]}@cache.example.org:6379"),
        Planted("auth-header", words[13], f"Authorization: Bearer {words[13]}"),
        Planted("auth-header", "dXNlcjpwYXNzd29yZDEyMw==", '{"Authorization": "Basic dXNlcjpwYXNzd29yZDEyMw=="}'),
        Planted("auth-header", words[14], f"PRIVATE-TOKEN: {words[14]}"),
        Planted("cookie", words[15], f"Set-Cookie: session={words[15]}; HttpOnly"),
        Planted("signed-url", words[16], f"https://b.s3.amazonaws.com/x?X-Amz-Signature={words[16]}&X-Amz-Date=20240101"),
        Planted("key", words[17], f"DefaultEndpointsProtocol=https;AccountName=a;AccountKey={words[17]}+/=="),
        Planted("token", words[18], f'os.environ["HF_TOKEN"] = "{words[18]}"'),
        Planted("token", words[19], f'login(token="{words[19]}")'),
        Planted("slack-webhook", "T0AAAAAAA/B0BBBBBBB/" + words[0],
                f"https://hooks.slack.com/services/T0AAAAAAA/B0BBBBBBB/{words[0]}"),
    ]  # fmt: skip


def all_secrets() -> list[Planted]:
    return [*vendor_secrets(), *named_secrets()]


def private_key(kind: str = "RSA ", lines: int = 12) -> list[str]:
    """The lines of a PEM file (RFC 7468) with a made-up body; "OPENSSH ", "EC " and "" are kinds too."""
    body = [_word(f"{kind}{n}", 64, _ALNUM + "+/") for n in range(lines)] + [_word(f"{kind}last", 22) + "=="]
    return [f"-----BEGIN {kind}PRIVATE KEY-----", *body, f"-----END {kind}PRIVATE KEY-----"]
