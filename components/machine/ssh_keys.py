"""ssh keys as people put them into settings: the public half of a private one, and one public key.

Pure. Nothing of a key is ever in an error, since any key may have been pasted into any place.
"""

import base64
import binascii

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization

HOST_KEY_TYPE = "ssh-ed25519"
KEY_TYPES = (
    HOST_KEY_TYPE,
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "ssh-rsa",
)
# pulumi-command asks for the key's type as the only algorithm of the host key. ssh-rsa means SHA-1, which
# sshd has refused since OpenSSH 8.8: an RSA key could be pinned, and no login would ever succeed.
RSA = "ssh-rsa"
RSA_HOST_KEY = (
    "found an RSA key, and the only algorithm that would be asked for with it (ssh-rsa, SHA-1) is refused by"
    " sshd since OpenSSH 8.8; take another host key of the machine: /etc/ssh/ssh_host_ed25519_key.pub or"
    " ssh_host_ecdsa_key.pub"
)
HOST = "wanted one public host key: `ssh-ed25519 AAAA…`, as in /etc/ssh/ssh_host_ed25519_key.pub"
LOGIN = "wanted one public key: `ssh-ed25519 AAAA…`, as in ~/.ssh/id_ed25519.pub or from `ssh-add -L`"
PRIVATE = "wanted a private key in OpenSSH's format without a passphrase, as `ssh-keygen -N ''` writes it"


def public_key(text: str, wanted: str = HOST) -> str:
    """Type and key, without the comment.

    Raises:
        ValueError: saying what was found, and what is `wanted`.
    """
    if "PRIVATE KEY" in text:
        raise ValueError(f"found a private key (take it out of the configuration); {wanted}")
    words = text.split()
    if "\n" in text.strip() or len(words) < 2:
        lines = len(text.strip().splitlines())
        what = f"{lines} lines" if lines > 1 else "a single word" if words else "nothing"
        raise ValueError(f"found {what}; {wanted}")
    if words[0] == RSA and wanted == HOST:
        raise ValueError(RSA_HOST_KEY)
    if words[0] not in KEY_TYPES:
        scanned = words[1] in KEY_TYPES
        hint = " (ssh-keyscan puts the host's name first: leave it out)" if scanned else ""
        raise ValueError(f"found {words[0][:40]!r} as its first word{hint}; {wanted}")
    try:
        blob = base64.b64decode(words[1], validate=True)
    except binascii.Error:
        blob = b""
    # RFC 4253, 6.6: the blob begins with the length and the text of the key's type.
    kind = words[0].encode()
    if blob[:4] != len(kind).to_bytes(4, "big") or blob[4 : 4 + len(kind)] != kind or len(blob) < 40:
        raise ValueError(f"found a {words[0]} key whose second word is damaged or cut off; {wanted}")
    return " ".join(words[:2])


def public_half(private: str) -> str:
    """Type and key of the public key that belongs to a private one.

    `private`: in OpenSSH's format or another PEM, without a passphrase; line ends and what is around
    it do not matter.

    Raises:
        ValueError: saying what was found.
    """
    data = tidy(private).encode()
    if b"PRIVATE KEY-----" not in data:
        raise ValueError(f"found {_in_place_of_a_key(private)}; {PRIVATE}")
    load = (
        serialization.load_ssh_private_key if b"BEGIN OPENSSH" in data else serialization.load_pem_private_key
    )
    try:
        public = load(data, password=None).public_key()
        text = public.public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    except TypeError:
        raise ValueError(f"found a private key with a passphrase; {PRIVATE}") from None
    except (ValueError, UnsupportedAlgorithm, AttributeError):
        raise ValueError(
            f"found a private key that is damaged, cut off or of no use to ssh; {PRIVATE}"
        ) from None
    return text.decode()


def _in_place_of_a_key(text: str) -> str:
    """What somebody put where a private key belongs, without showing it."""
    words = text.split()
    if words and words[0] in KEY_TYPES:
        return "a public key"
    if len(words) == 1 and ("/" in text or text.startswith("~")):
        return "what looks like the path of a file, not what is in it"
    return "no private key"


def tidy(private: str) -> str:
    """The key as sshd reads it: Unix line ends, nothing around it, and the last line ended.

    `pulumi config set` leaves the last line's end out, and OpenSSH refuses such a file.
    """
    lines = (line.strip() for line in private.strip().splitlines())
    return "\n".join(lines) + "\n"
