"""The user data: valid YAML whatever the key, and a key that sshd can read."""

import yaml
from cryptography.hazmat.primitives import serialization
from hypothesis import given
from hypothesis import strategies as st

from components.machine.cloud_init import user_data
from components.machine.ssh_keys import public_half, tidy
from tests.unit.example import HOST_PRIVATE_KEY, private_key

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=300)


@given(private=TEXTS, public=TEXTS, user=TEXTS)
def test_it_is_read_back_as_it_was_meant_whatever_it_holds(private: str, public: str, user: str) -> None:
    text = user_data(private, public, user)
    assert text.startswith("#cloud-config\n")
    read = yaml.safe_load(text)
    assert read["ssh_keys"] == {"ed25519_private": tidy(private), "ed25519_public": public + "\n"}
    assert read.get("user", {"name": "root"}) == {"name": user}


@given(seed=st.integers(0, 255))
def test_the_machine_gets_the_very_key(seed: int) -> None:
    private = private_key(seed)
    keys = yaml.safe_load(user_data(private, public_half(private), "debian"))["ssh_keys"]
    assert keys["ed25519_private"] == private
    read = serialization.load_ssh_private_key(keys["ed25519_private"].encode(), None)
    assert public_half(private) + "\n" == keys["ed25519_public"]
    assert (
        read.public_key().public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
        == public_half(private).encode()
    )


@given(before=st.sampled_from(["", " ", "\n\n", "\r\n"]), end=st.sampled_from(["", "\n", "\r\n", " \n "]))
def test_line_ends_and_what_is_around_a_key_do_not_matter(before: str, end: str) -> None:
    for line_end in ("\n", "\r\n"):
        pasted = before + HOST_PRIVATE_KEY.strip().replace("\n", line_end) + end
        assert tidy(pasted) == HOST_PRIVATE_KEY
        assert public_half(pasted) == public_half(HOST_PRIVATE_KEY)


def test_no_other_key_and_no_password_lets_in() -> None:
    read = yaml.safe_load(user_data(HOST_PRIVATE_KEY, public_half(HOST_PRIVATE_KEY), "debian"))
    assert read["ssh_deletekeys"] is True
    assert read["ssh_pwauth"] is False


def test_root_is_let_in_only_when_it_is_the_login() -> None:
    for user in ("root", "debian"):
        read = yaml.safe_load(user_data(HOST_PRIVATE_KEY, public_half(HOST_PRIVATE_KEY), user))
        assert read["disable_root"] == (user != "root")
        assert ("user" in read) == (user != "root")
