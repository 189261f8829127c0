"""The doors are wired as the settings say, and refuse settings that cannot hold."""

from pathlib import Path

import pytest

from monitor.core.errors import SettingError
from monitor.service import doors
from monitor.settings import load, secret_in
from monitor.settings.doors import DicomwebSettings

TOKEN = "correct-horse"  # noqa: S105  # what must be shown to be let in


@pytest.mark.parametrize(
    "url",
    [
        "ftp://pacs/",
        "pacs.example",
        "http://",
        f"http://user:{TOKEN}@pacs/x",
        "http://pacs/?a=b",
        "http://pacs:99999/x",
    ],
)
def test_a_bad_archive_address_is_refused_unshown(url: str) -> None:
    """An address that is none, or has a password in it, is an error that names the setting and what is accepted."""
    with pytest.raises(SettingError, match=r"OVERREAD_DICOMWEB__URL.*accepted: http\(s\)://host") as caught:
        load(dicomweb={"url": url})
    assert TOKEN not in str(caught.value)


def test_a_secret_is_never_sent_in_the_clear(tmp_path: Path) -> None:
    """Credentials for plain http beyond loopback are refused; the same over https or on loopback are not."""
    (tmp_path / "token").write_text(TOKEN)
    for url, well in (("http://pacs.example/d", False), ("https://pacs.example/d", True), ("http://127.0.0.1/d", True)):
        archive = DicomwebSettings(url=url, token_file=tmp_path / "token")
        if well:
            with doors._client(archive) as client:
                assert client.headers["authorization"] == f"Bearer {TOKEN}"
        else:
            with pytest.raises(SettingError, match="https"):
                doors._client(archive)


@pytest.mark.parametrize("named", ["token_file", "password_file", "ca_file", "client_cert_file"])
def test_a_missing_file_is_named(named: str, tmp_path: Path) -> None:
    """A secret or certificate that cannot be read is an error with its setting and path, and never an empty secret."""
    given = {named: tmp_path / "nowhere"} | ({"username": "u"} if named == "password_file" else {})
    with pytest.raises(SettingError, match=f"OVERREAD_DICOMWEB__{named.upper()}={tmp_path}/nowhere"):
        doors._client(DicomwebSettings(url="https://pacs.example/d", **given))
    (tmp_path / "empty").write_text(" \n")
    with pytest.raises(SettingError, match="OVERREAD_X="):
        secret_in(tmp_path / "empty", "X")


@pytest.mark.parametrize("given", [{"username": "u"}, {"password_file": "p"}, {"username": "u", "token_file": "t"}])
def test_half_a_credential_is_refused(given: dict[str, str]) -> None:
    """A user without a password, a password without a user, a user and a token: which is meant is not guessed."""
    with pytest.raises(SettingError, match="OVERREAD_DICOMWEB__USERNAME"):
        doors._client(DicomwebSettings(url="https://pacs.example/d", **given))
