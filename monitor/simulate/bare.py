"""A grey image as the barest DICOM file there is: what benchmarks are made of."""

import io

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset, dcmwrite
from pydicom.dataset import FileMetaDataset
from pydicom.uid import UID, DigitalXRayImageStorageForPresentation, ExplicitVRLittleEndian


def bare_radiograph(pixels: NDArray[np.uint16], number: int) -> bytes:
    """A file of 16-bit values (rows × columns), explicit little endian; each `number` is an instance of its own."""
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.SOPClassUID = DigitalXRayImageStorageForPresentation
    dataset.SOPInstanceUID = UID(f"1.2.826.0.1.3680043.8.498.1.{number}")
    dataset.StudyInstanceUID = dataset.SeriesInstanceUID = UID("1.2.826.0.1.3680043.8.498.2")
    dataset.Modality, dataset.BodyPartExamined, dataset.ViewPosition = "DX", "CHEST", "PA"
    dataset.Rows, dataset.Columns = pixels.shape
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 16, 16, 15, 0
    dataset.PixelData = pixels.astype("<u2", copy=False).tobytes()
    dataset["PixelData"].VR = "OW"
    file = io.BytesIO()
    dcmwrite(file, dataset, enforce_file_format=True)
    return file.getvalue()
