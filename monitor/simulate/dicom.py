"""An acquired image as a digital radiograph (DX Image Storage, for presentation)."""

from copy import copy
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import UID, DigitalXRayImageStorageForPresentation

from monitor.simulate.case import Scanner
from monitor.simulate.caseload import Examination
from monitor.simulate.practice import Gateway
from monitor.simulate.streams import stream

FIELD_MM = 400.0
"""Width of the field of view: pixel spacing is this over the number of columns."""


def routed(pixels: NDArray[np.uint16], gateway: Gateway, bits_stored: int) -> NDArray[np.uint16]:
    """Stored values (rows × columns) after a gateway: clipped to its window, stretched, inverted as it does."""
    top = 2**bits_stored - 1
    if gateway.window != (0.0, 1.0):
        low, high = (edge * top for edge in gateway.window)
        stretched = (np.clip(pixels, low, high) - low) * (top / (high - low))
        pixels = stretched.round().astype(np.uint16)
    return np.uint16(top) - pixels if gateway.inverted else pixels


def image(examination: Examination, pixels: NDArray[np.uint16], *, modality: str, body_part: str) -> Dataset:
    """The complete object of an examination's image, with its file meta information, ready to be sent or saved.

    Args:
        examination: whose image it is.
        pixels: stored values, rows × columns.
        modality: as in Modality (0008,0060).
        body_part: as in BodyPartExamined (0018,0015).
    """
    dataset = Dataset({element.tag: copy(element) for element in _fixed(examination.scanner, modality, body_part)})
    dataset.file_meta = _meta(examination)
    _identify(dataset, examination)
    _describe_exposure(dataset, examination)
    _add_pixels(dataset, pixels)
    return dataset


def sop_uid(examination: Examination) -> str:
    """The SOP Instance UID of an examination's only image."""
    return f"{examination.study_uid}.1.1"


def _meta(examination: Examination) -> FileMetaDataset:
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = DigitalXRayImageStorageForPresentation
    meta.MediaStorageSOPInstanceUID = UID(sop_uid(examination))
    meta.TransferSyntaxUID = UID(examination.scanner.transfer_syntax)
    return meta


def _identify(dataset: Dataset, examination: Examination) -> None:
    person, taken = examination.patient, examination.taken_at
    dataset.SOPClassUID = DigitalXRayImageStorageForPresentation
    dataset.SOPInstanceUID = sop_uid(examination)
    dataset.StudyInstanceUID = examination.study_uid
    dataset.SeriesInstanceUID = f"{examination.study_uid}.1"
    dataset.StudyID = examination.accession[-8:]
    for name in ("Study", "Acquisition"):
        setattr(dataset, f"{name}Date", taken.strftime("%Y%m%d"))
        setattr(dataset, f"{name}Time", taken.strftime("%H%M%S.%f"))
    dataset.AccessionNumber = examination.accession
    dataset.IssuerOfAccessionNumberSequence = Sequence([_item(LocalNamespaceEntityID=examination.issuer)])
    dataset.PatientName = f"{person.family}^{person.given}"
    dataset.PatientID = person.number
    dataset.IssuerOfPatientID = examination.issuer
    dataset.PatientBirthDate = person.birth_date(examination.first).strftime("%Y%m%d")
    dataset.PatientSex = person.sex
    dataset.PatientAge = f"{examination.case.age:03d}Y"


@lru_cache(maxsize=64)
def _fixed(scanner: Scanner, modality: str, body_part: str) -> Dataset:
    """What every object of a scanner has in common: copied, for setting an element costs far more than copying it."""
    dataset = Dataset()
    dataset.SpecificCharacterSet = "ISO_IR 192"
    dataset.Modality = modality
    dataset.BodyPartExamined = body_part
    dataset.StudyDescription = "XR CHEST"
    dataset.ImageType = ["ORIGINAL", "PRIMARY", ""]
    dataset.PresentationIntentType = "FOR PRESENTATION"
    dataset.ReferringPhysicianName = ""
    dataset.SeriesNumber = dataset.InstanceNumber = 1
    dataset.TimezoneOffsetFromUTC = "+0000"
    dataset.ImageLaterality = "U"
    dataset.BurnedInAnnotation = "NO"
    dataset.LossyImageCompression = "00"
    dataset.AnatomicRegionSequence = Sequence(
        [_item(CodeValue="51185008", CodingSchemeDesignator="SCT", CodeMeaning="Chest")]
    )
    dataset.AcquisitionContextSequence = Sequence()
    _describe_equipment(dataset, scanner)
    _describe_values(dataset, scanner)
    return dataset


def _describe_equipment(dataset: Dataset, scanner: Scanner) -> None:
    dataset.InstitutionName = scanner.institution
    dataset.StationName = scanner.station
    dataset.Manufacturer = scanner.manufacturer
    dataset.ManufacturerModelName = scanner.model_name
    dataset.SoftwareVersions = scanner.software
    dataset.DetectorType = "DIRECT"
    dataset.DetectorID = scanner.station


def _describe_values(dataset: Dataset, scanner: Scanner) -> None:
    negative = scanner.photometric == "MONOCHROME1"
    dataset.SamplesPerPixel = 1
    dataset.PhotometricInterpretation = scanner.photometric
    dataset.BitsAllocated = 16
    dataset.BitsStored = scanner.bits_stored
    dataset.HighBit = scanner.bits_stored - 1
    dataset.PixelRepresentation = 0
    dataset.PixelIntensityRelationship = "LOG"
    dataset.PixelIntensityRelationshipSign = 1 if negative else -1
    dataset.RescaleSlope, dataset.RescaleIntercept, dataset.RescaleType = 1, 0, "US"
    dataset.PresentationLUTShape = "INVERSE" if negative else "IDENTITY"
    dataset.WindowCenter, dataset.WindowWidth = 2 ** (scanner.bits_stored - 1), 2**scanner.bits_stored


def _describe_exposure(dataset: Dataset, examination: Examination) -> None:
    """Technique by view and size: a thicker patient takes a higher exposure."""
    rng = stream(examination.hospital, "exposure", examination.accession)
    view, portable = examination.case.view, examination.case.view == "AP"
    dataset.SeriesDescription = f"CHEST {view}"
    dataset.ViewPosition = view
    dataset.PatientOrientation = ["A", "F"] if view == "LL" else ["L", "F"]
    dataset.KVP = 90 if portable else 120
    dataset.Exposure = max(1, round((3.0 if portable else 2.0) * examination.case.size**2 * rng.uniform(0.8, 1.3)))


def _add_pixels(dataset: Dataset, pixels: NDArray[np.uint16]) -> None:
    rows, columns = pixels.shape
    spacing = round(FIELD_MM / columns, 6)
    dataset.Rows, dataset.Columns = rows, columns
    dataset.PixelSpacing = dataset.ImagerPixelSpacing = [spacing, spacing]
    dataset.PixelData = pixels.astype("<u2", copy=False).tobytes()
    dataset["PixelData"].VR = "OW"


def _item(**elements: str) -> Dataset:
    item = Dataset()
    for keyword, value in elements.items():
        setattr(item, keyword, value)
    return item
