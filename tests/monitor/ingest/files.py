"""Small DICOM files, made in memory, with a canary for a patient."""

import io

from pydicom import Dataset, dcmwrite
from pydicom.dataset import FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

STUDY = "1.2.826.0.1.3680043.10.1"
CANARIES = ("Canary", "CANARY-1", "1.2.826.0.1.3680043.10")
"""None of these may be in anything that is logged, printed or raised."""


def dicom_file(number: int = 1, *, study: str = STUDY, syntax: str = ExplicitVRLittleEndian, pixels: int = 64) -> bytes:
    """Instance `number` of a study."""
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = syntax
    dataset.SOPClassUID = "1.2.840.10008.5.1.4.1.1.1.1"
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = study, f"{study}.0"
    dataset.SOPInstanceUID = f"{study}.0.{number}"
    dataset.PatientName, dataset.PatientID, dataset.AccessionNumber = "Canary^Clara", "CANARY-1", "ACC-CANARY"
    dataset.StudyDate, dataset.StudyTime, dataset.Modality = "20260301", "101112", "DX"
    dataset.Rows, dataset.Columns, dataset.SamplesPerPixel = pixels, pixels, 1
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 16, 12, 11, 0
    dataset.PhotometricInterpretation = "MONOCHROME2"
    dataset.PixelData = bytes(pixels * pixels * 2)
    buffer = io.BytesIO()
    dcmwrite(buffer, dataset, enforce_file_format=True)
    return buffer.getvalue()


def multipart(contents: list[bytes], boundary: str = "cut", kind: str = "application/dicom") -> bytes:
    """These contents as one multipart/related body."""
    head = f"--{boundary}\r\nContent-Type: {kind}\r\n\r\n".encode()
    return b"".join(head + content + b"\r\n" for content in contents) + f"--{boundary}--\r\n".encode()
