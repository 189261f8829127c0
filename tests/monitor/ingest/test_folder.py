"""A folder comes in whole, once, and every file in it is accounted for."""

import hashlib
import io
import os
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydicom import Dataset, dcmwrite
from pydicom.dataset import FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

from monitor.core.errors import SpoolError
from monitor.ingest.doorway import Doorway, Ending, read_file
from monitor.ingest.dropfolder import DropFolder
from monitor.ingest.folder import import_folder
from monitor.ingest.spool import DiskSpool
from tests.monitor.ingest.files import dicom_file

MOST = 100_000


class Noon:
    """A clock that stands."""

    def now(self) -> datetime:
        """Noon."""
        return datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def doorway(spool: DiskSpool) -> Callable[..., Doorway]:
    """Opens doorways to the spool, before a store that knows nothing."""
    return lambda **options: Doorway(spool, Noon(), lambda _digests: (), max_bytes=MOST, **options)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Three images at different depths, one of them twice, and what else lies in such folders."""
    root = tmp_path / "tree"
    for number, name in enumerate(("a.dcm", "b/IM0001", "b/c/IM0001")):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(dicom_file(number))
    (root / "b/again").write_bytes(dicom_file(1))
    (root / "notes.txt").write_text("no image")
    (root / "empty").touch()
    (root / "large").write_bytes(dicom_file(9, pixels=300))
    (root / "DICOMDIR").write_bytes(directory())
    return root


def directory() -> bytes:
    """A file that lists others."""
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.1.3.10"
    dataset.file_meta.MediaStorageSOPInstanceUID = "1.2.3"
    buffer = io.BytesIO()
    dcmwrite(buffer, dataset, enforce_file_format=True)
    return buffer.getvalue()


def nothing() -> None:
    """No progress to show."""


def spooled(spool: DiskSpool) -> Counter[str]:
    """The digests that lie in the spool, each as often as it does."""
    return Counter(arrival.digest for arrival in spool.arrivals(1000))


def digests(*numbers: int) -> Counter[str]:
    """The digests of these instances, each once."""
    return Counter(hashlib.sha256(dicom_file(number)).hexdigest() for number in numbers)


def test_every_file_is_accounted_for(tree: Path, spool: DiskSpool, doorway: Callable[..., Doorway]) -> None:
    """Each image is in the spool once; the rest is counted by its reason, and the counts add up to what was found."""
    found = import_folder(tree, doorway(), on_file=nothing).as_json()
    assert found == {
        "found": 8,
        "imported": 3,
        "known": 1,
        "skipped": {"dicomdir": 1, "empty": 1, "not_dicom": 1},
        "refused": {"too_large": 1},
    }
    assert spooled(spool) == digests(0, 1, 2)


def test_a_second_run_takes_nothing(tree: Path, spool: DiskSpool, doorway: Callable[..., Doorway]) -> None:
    """What lies in the spool, incoming or held, and what the store knows is not taken again."""
    import_folder(tree, doorway(), on_file=nothing)
    spool.hold(spool.arrivals(1)[0])
    released = spool.arrivals(1)[0]
    spool.hold(released)
    spool.release([released.digest])
    known = Doorway(spool, Noon(), lambda asked: {released.digest} & set(asked), max_bytes=MOST)
    again = import_folder(tree, known, on_file=nothing)
    assert (again.endings[Ending.TAKEN], again.endings[Ending.KNOWN]) == (0, 4)
    assert spool.waiting() == 1


def test_a_broken_off_run_goes_on(
    tree: Path, spool: DiskSpool, doorway: Callable[..., Doorway], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A spool that takes no more ends the run with an error; the next run takes what is left, and nothing twice."""
    write, room = spool.write, 2

    def full(*arguments: object, **named: object) -> str:
        nonlocal room
        room -= 1
        if room < 0:
            raise SpoolError
        return write(*arguments, **named)  # type: ignore[arg-type]  # passed on as they came

    monkeypatch.setattr(spool, "write", full)
    with pytest.raises(SpoolError):
        import_folder(tree, doorway(), on_file=nothing)
    monkeypatch.undo()
    assert import_folder(tree, doorway(), on_file=nothing).endings[Ending.TAKEN] == 1
    assert spooled(spool) == digests(0, 1, 2)


def test_a_dry_run_counts_alike_and_writes_nothing(
    tree: Path, spool: DiskSpool, doorway: Callable[..., Doorway]
) -> None:
    """Its counts are those of the real run after it, and the spool stays empty until then."""
    dry = import_folder(tree, doorway(dry_run=True), on_file=nothing)
    assert spool.waiting() == 0
    assert dry == import_folder(tree, doorway(), on_file=nothing)


def test_no_link_leads_out_of_the_tree(
    tree: Path, tmp_path: Path, spool: DiskSpool, doorway: Callable[..., Doorway]
) -> None:
    """Links to files and folders, a pipe and a circle are counted and not followed."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.dcm").write_bytes(dicom_file(7))
    (tree / "link.dcm").symlink_to(outside / "secret.dcm")
    (tree / "folder").symlink_to(outside)
    (tree / "circle").symlink_to(tree)
    os.mkfifo(tree / "pipe")
    found = import_folder(tree, doorway(), on_file=nothing)
    assert found.endings[Ending.NOT_A_FILE] == 4
    assert spooled(spool) == digests(0, 1, 2)


def test_a_preamble_is_zeroed(tmp_path: Path, spool: DiskSpool, doorway: Callable[..., Doorway]) -> None:
    """A file that is a program too comes in as the image alone, and is known by it."""
    (tmp_path / "MZ").write_bytes(b"MZ" + bytes(range(126)) + dicom_file(1)[128:])
    assert doorway().take_file(tmp_path / "MZ") is Ending.TAKEN
    assert doorway().take(dicom_file(1)) is Ending.KNOWN
    assert spooled(spool) == digests(1)


def test_a_large_file_is_refused_unread(tmp_path: Path) -> None:
    """A sparse file of a terabyte is refused by its size, and takes no memory."""
    path = tmp_path / "huge"
    path.write_bytes(dicom_file())
    os.truncate(path, 1 << 40)
    assert read_file(path, max_bytes=MOST) is Ending.TOO_LARGE


@pytest.fixture
def drop(tmp_path: Path, doorway: Callable[..., Doorway]) -> Callable[..., DropFolder]:
    """Watches a drop folder."""
    (tmp_path / "drop").mkdir()
    return lambda *, stable=0.0, delete=False: DropFolder(
        tmp_path / "drop", doorway, stable_seconds=stable, delete=delete
    )


def test_a_drop_is_taken_then_put_away(tmp_path: Path, spool: DiskSpool, drop: Callable[..., DropFolder]) -> None:
    """An image ends in done/ once it is durable, anything else in refused/, each under its own path."""
    folder = tmp_path / "drop"
    (folder / "ct").mkdir()
    (folder / "ct/IM1").write_bytes(dicom_file(1))
    (folder / "notes").write_text("no image")
    endings = drop().visit()
    assert endings == Counter({Ending.TAKEN: 1, Ending.NOT_DICOM: 1})
    assert (folder / "done/ct/IM1").read_bytes() == dicom_file(1)
    assert (folder / "refused/notes").is_file()
    assert spooled(spool) == digests(1)
    assert drop().visit() == Counter()


def test_a_growing_file_is_left_alone(tmp_path: Path, spool: DiskSpool, drop: Callable[..., DropFolder]) -> None:
    """A file is taken only once it has not changed for the time that was set; an unfinished upload never."""
    watched = drop(stable=0.1)
    (tmp_path / "drop/IM1").write_bytes(dicom_file(1)[:2000])
    (tmp_path / "drop/IM2.part").write_bytes(dicom_file(2))
    (tmp_path / "drop/.IM3").write_bytes(dicom_file(3))
    assert watched.visit() == Counter()
    (tmp_path / "drop/IM1").write_bytes(dicom_file(1))
    assert watched.visit() == Counter()
    assert spool.waiting() == 0
    time.sleep(0.12)
    assert watched.visit() == Counter({Ending.TAKEN: 1})
    assert spooled(spool) == digests(1)


def test_a_kill_before_putting_away_costs_nothing(
    tmp_path: Path, spool: DiskSpool, drop: Callable[..., DropFolder], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that was made durable and still lies there is put away by the next process, and not taken twice."""
    (tmp_path / "drop/IM1").write_bytes(dicom_file(1))

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(DropFolder, "_put_away", killed)
    with pytest.raises(KeyboardInterrupt):
        drop().visit()
    monkeypatch.undo()
    assert drop().visit() == Counter({Ending.KNOWN: 1})
    assert (tmp_path / "drop/done/IM1").is_file()
    assert spooled(spool) == digests(1)


def test_nothing_put_away_is_overwritten(tmp_path: Path, spool: DiskSpool, drop: Callable[..., DropFolder]) -> None:
    """Two files of one name, one after the other, are both there afterwards."""
    for number in (1, 2):
        (tmp_path / "drop/IM1").write_bytes(dicom_file(number))
        drop().visit()
    kept = {path.read_bytes() for path in (tmp_path / "drop/done").iterdir()}
    assert kept == {dicom_file(1), dicom_file(2)}
    assert spooled(spool) == digests(1, 2)


def test_deleted_where_that_is_set(tmp_path: Path, spool: DiskSpool, drop: Callable[..., DropFolder]) -> None:
    """With delete, a durable file is gone and done/ is empty; a refused one is still kept."""
    (tmp_path / "drop/IM1").write_bytes(dicom_file(1))
    (tmp_path / "drop/notes").write_text("no image")
    drop(delete=True).visit()
    left = sorted(path.name for path in (tmp_path / "drop").rglob("*") if path.is_file())
    assert left == ["notes"]
    assert spooled(spool) == digests(1)


def test_a_full_spool_leaves_the_drop_where_it_is(
    tmp_path: Path, spool: DiskSpool, drop: Callable[..., DropFolder], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is not durable is neither moved nor deleted, and is taken when there is room again."""
    (tmp_path / "drop/IM1").write_bytes(dicom_file(1))
    watched = drop(delete=True)

    def full(*_: object, **__: object) -> str:
        raise SpoolError

    monkeypatch.setattr(spool, "write", full)
    with pytest.raises(SpoolError):
        watched.visit()
    monkeypatch.undo()
    assert (tmp_path / "drop/IM1").is_file()
    assert watched.visit() == Counter({Ending.TAKEN: 1})
