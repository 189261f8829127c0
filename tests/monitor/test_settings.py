import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from monitor.core.errors import SettingError
from monitor.core.identity import KEY_BYTES
from monitor.settings import CONFIG_VARIABLE, PREFIX, load, pseudonym_key, rows

PASSWORD = "hunter2"  # noqa: S105  # what must never be shown
URL = f"postgresql+psycopg://overread:{PASSWORD}@db/overread"


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting of whoever runs the tests reaches them."""
    for name in os.environ:
        if name.upper().startswith(PREFIX):
            monkeypatch.delenv(name)


def yaml(folder: Path, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A YAML file in force."""
    path = folder / "overread.yaml"
    path.write_text(text)
    monkeypatch.setenv(CONFIG_VARIABLE, str(path))


def test_flag_environment_yaml_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A flag outranks the environment, which outranks the YAML file, which outranks the default; each key by itself."""
    assert (load().dicom.port, load().dicom.ae_title) == (11112, "OVERREAD")
    yaml(tmp_path, "dicom: {port: 1, ae_title: YAML, max_associations: 3}\ndevice: cpu\n", monkeypatch)
    assert (load().dicom.port, load().device) == (1, "cpu")
    monkeypatch.setenv("OVERREAD_DICOM__PORT", "2")
    monkeypatch.setenv("OVERREAD_DICOM__AE_TITLE", "ENV")
    assert load().dicom.port == 2
    settings = load(dicom={"port": 3}, device="cuda:1")
    assert (settings.dicom.port, settings.dicom.ae_title, settings.dicom.max_associations) == (3, "ENV", 3)
    assert settings.device == "cuda:1"


def test_lists_are_comma_separated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Calling AE titles come as one comma-separated value, or as a YAML list."""
    monkeypatch.setenv("OVERREAD_DICOM__CALLING_AES", "CT1, MR2,,")
    assert load().dicom.calling_aes == ("CT1", "MR2")
    monkeypatch.delenv("OVERREAD_DICOM__CALLING_AES")
    yaml(tmp_path, "dicom: {calling_aes: [A, B]}\nsites: {St. Elsewhere: east}\n", monkeypatch)
    assert load().dicom.calling_aes == ("A", "B")
    assert load().sites == {"St. Elsewhere": "east"}


def test_an_empty_value_is_none(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An environment variable set to nothing leaves the default, as a chart's unset value does."""
    for name in ("STORE__URL", "MODELS__DIR", "DEVICE", "PSEUDONYM_KEY_FILE"):
        monkeypatch.setenv(PREFIX + name, "")
    settings = load(data_dir=tmp_path)
    assert settings.store_url == f"sqlite:///{tmp_path / 'overread.sqlite'}"
    assert (settings.models.dir, settings.device, settings.pseudonym_key_file) == (None, "auto", None)


@pytest.mark.parametrize("name", ["OVERREAD_DICOM__PROT", "OVERREAD_PORT", "OVERREAD_DICOM__PORT__X"])
def test_an_unknown_variable_is_an_error(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable nobody reads is named, not ignored."""
    monkeypatch.setenv(name, PASSWORD)
    with pytest.raises(SettingError, match=name) as caught:
        load()
    assert PASSWORD not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        (f"dicom: {{prot: {PASSWORD}}}", "OVERREAD_DICOM__PROT"),
        (f"stoer: {{url: '{URL}'}}", "OVERREAD_STOER"),
        (f"store: {{urll: '{URL}'}}", "OVERREAD_STORE__URLL"),
        (f"store: '{URL}'", "OVERREAD_STORE"),
        (f"store: {{url: ['{URL}']}}", "OVERREAD_STORE__URL"),
        (f"store: {{url: '{URL}'", "overread.yaml"),
        (f"- {PASSWORD}", "overread.yaml"),
        ("\x00\x01", "overread.yaml"),
    ],
)
def test_a_yaml_fault_is_named_and_its_secret_is_not(
    text: str, named: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An unknown key, a wrong shape or a broken file is a plain error that names it and shows no password."""
    yaml(tmp_path, text, monkeypatch)
    with pytest.raises(SettingError, match=named) as caught:
        load()
    assert PASSWORD not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    ("name", "value", "accepted"),
    [
        ("DICOM__PORT", "99999", "65535"),
        ("DICOM__PORT", "http", "integer"),
        ("DICOM__AE_TITLE", "A" * 17, "16"),
        ("DEVICE", "tpu", "cpu"),
        ("LOG_LEVEL", "loud", "'debug', 'info', 'warning' or 'error'"),
        ("TIMEZONE", "Mars/Base", "Europe/Berlin"),
        ("TIMEZONE", "../../etc/passwd", "Europe/Berlin"),
        ("EVALUATION__REFERENCE_DAYS", "3", "7"),
        ("STUDY__QUIET_SECONDS", "-1", "0"),
        ("SITES", "east", "SITES"),
    ],
)
def test_a_bad_value_is_named_with_what_is_accepted(
    name: str, value: str, accepted: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error says which setting, its value and what would be accepted."""
    monkeypatch.setenv(PREFIX + name, value)
    with pytest.raises(SettingError) as caught:
        load()
    assert PREFIX + name in str(caught.value)
    assert value in str(caught.value)
    assert accepted in str(caught.value)


def test_a_missing_file_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """A YAML file or a key file that is not there is an error, never an empty one."""
    monkeypatch.setenv(CONFIG_VARIABLE, "/nowhere/overread.yaml")
    with pytest.raises(SettingError, match=r"/nowhere/overread\.yaml"):
        load()
    monkeypatch.delenv(CONFIG_VARIABLE)
    with pytest.raises(SettingError, match=r"/nowhere/pseudonym\.key"):
        pseudonym_key(load(pseudonym_key_file="/nowhere/pseudonym.key"))


def test_no_secret_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """The database password is in the URL in force and in nothing that is printed."""
    monkeypatch.setenv("OVERREAD_STORE__URL", URL)
    settings = load()
    assert settings.store_url == URL
    assert PASSWORD not in repr(settings) + str(settings) + str(rows(settings)) + settings.model_dump_json()


def test_every_setting_has_a_row_and_a_description() -> None:
    """What the doctor prints names every setting once, with what it is for."""
    found = rows(load())
    names = [name for name, _, _ in found]
    assert len(names) == len(set(names))
    assert {"OVERREAD_DATA_DIR", "OVERREAD_STORE__URL", "OVERREAD_DICOM__CALLING_AES", "OVERREAD_DEVICE"} <= set(names)
    assert all(description for _, _, description in found)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7"])  # noqa: S104  # the point of the test
def test_a_public_receiver_needs_an_allow_list(host: str) -> None:
    """A DICOM receiver off loopback without an allow-list is refused, and with one it is not."""
    with pytest.raises(SettingError, match="OVERREAD_DICOM__CALLING_AES"):
        load(dicom={"host": host})
    assert load(dicom={"host": host, "calling_aes": "CT1"}).dicom.host == host


def test_the_key_is_made_once_and_only_ours(tmp_path: Path) -> None:
    """The key is made in the data folder with mode 0600, is long enough, and stays."""
    settings = load(data_dir=tmp_path / "new" / "folder")
    key = pseudonym_key(settings)
    assert len(key) >= KEY_BYTES
    assert pseudonym_key(settings) == key
    assert [path.name for path in settings.data_dir.iterdir()] == ["pseudonym.key"]
    assert stat.S_IMODE((settings.data_dir / "pseudonym.key").stat().st_mode) == 0o600
    assert stat.S_IMODE(settings.data_dir.stat().st_mode) == 0o700


def test_a_short_key_is_refused(tmp_path: Path) -> None:
    """A named key file that is too short is an error that does not show it."""
    path = tmp_path / "key"
    path.write_text("short")
    with pytest.raises(SettingError, match=f"5 bytes; at least {KEY_BYTES}") as caught:
        pseudonym_key(load(pseudonym_key_file=path))
    assert "short" not in str(caught.value).removeprefix(str(path))


MAKE_KEYS = """
import os, sys
from concurrent.futures import ThreadPoolExecutor
from monitor.settings import load, pseudonym_key
settings = load(data_dir=sys.argv[1])
sys.stdin.readline()
with ThreadPoolExecutor(8) as pool:
    print(*{key.hex() for key in pool.map(lambda _: pseudonym_key(settings), range(32))})
"""


def test_everyone_at_once_gets_one_key(tmp_path: Path) -> None:
    """Processes and threads that want the key at the same moment all get the same one."""
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    makers = [
        subprocess.Popen(
            [sys.executable, "-c", MAKE_KEYS, str(tmp_path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )
        for _ in range(2)
    ]
    for maker in makers:
        assert maker.stdin is not None
        maker.stdin.write("\n")
        maker.stdin.flush()
    keys = {key for maker in makers for key in maker.communicate(timeout=60)[0].split()}
    assert keys == {pseudonym_key(load(data_dir=tmp_path)).hex()}
    assert [path.name for path in tmp_path.iterdir()] == ["pseudonym.key"]


def test_quiet_times_are_pairs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Modalities and their seconds are comma-separated pairs; anything else is named with what is accepted."""
    monkeypatch.setenv("OVERREAD_STUDY__QUIET_BY_MODALITY", "CT=120, MR=300")
    assert load().study.quiet_by_modality == {"CT": 120.0, "MR": 300.0}
    for wrong in ("CT", "=5", "CT=-1", "CT=soon"):
        monkeypatch.setenv("OVERREAD_STUDY__QUIET_BY_MODALITY", wrong)
        with pytest.raises(SettingError, match="QUIET_BY_MODALITY"):
            load()
