"""Where the Ollama server is, said the way Ollama itself lets it be said."""

import ipaddress
from urllib.parse import urlsplit

# ollama/envconfig/config.go (Host): without a scheme Ollama's own port, with one the scheme's.
DEFAULT_PORT = 11434
_SCHEME_PORTS = {"http": 80, "https": 443}


def base_url(said: str) -> str:
    """The URL of a value of OLLAMA_HOST: "", ":11500", "0.0.0.0", "gpu-box:11434", "[::1]", "https://models.example".

    Raises ValueError for what is no address. 0.0.0.0 and [::] are where a server listens; a client goes to loopback.
    """
    text = said.strip()
    scheme, _, rest = text.rpartition("://")
    parts = urlsplit(f"//{_bracketed(rest)}")
    if scheme not in ("", *_SCHEME_PORTS) or parts.username or any(c.isspace() for c in rest):
        raise ValueError(f"{said!r} is not an address like 127.0.0.1:11434 or https://host")
    port = parts.port or _SCHEME_PORTS.get(scheme, DEFAULT_PORT)
    return f"{scheme or 'http'}://{_reachable(parts.hostname or '')}:{port}{parts.path.rstrip('/')}"


def is_loopback(url: str) -> bool:
    """Whether requests to this URL stay on this machine."""
    name = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return name == "localhost"


def _bracketed(address: str) -> str:
    """A bare IPv6 address in the brackets that URLs want."""
    try:
        return f"[{ipaddress.IPv6Address(address)}]"
    except ValueError:
        return address


def _reachable(name: str) -> str:
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return name or "127.0.0.1"
    if address.is_unspecified:
        return "127.0.0.1" if address.version == 4 else "[::1]"
    return str(address) if address.version == 4 else f"[{address}]"
