"""From header values to an `Instance`: here identifiers become pseudonyms and free text becomes strata."""

import math
import re
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone, tzinfo

from monitor.core.identity import Pseudonyms
from monitor.core.ports import Arrival
from monitor.core.study import UNKNOWN, Acquisition, Exclusion, Failure, Instance, Technique

UNMAPPED = "unmapped"
_AGE_BANDS = ((18, "0-17"), (40, "18-39"), (65, "40-64"), (80, "65-79"), (200, "80+"))
_YEARS_PER = {"D": 1 / 365.25, "W": 7 / 365.25, "M": 1 / 12, "Y": 1.0}
_TERM = re.compile(r"[^\w .+/()-]+")
_MAX_TERM = 64
_ALIGNED = math.cos(math.radians(30))


def instance_of(
    arrival: Arrival,
    tags: Mapping[str, str],
    *,
    unusable: Exclusion | None,
    pseudonyms: Pseudonyms,
    sites: Mapping[str, str],
    zone: tzinfo,
) -> Instance | Failure:
    """Make an instance of the header values a jail gave.

    Args:
        arrival: the object in the spool.
        tags: DICOM keyword to value, both plain bounded strings.
        unusable: what the jail said of it.
        pseudonyms: under the site's key.
        sites: institution name to site.
        zone: of times that state none.

    Returns:
        `MISSING_IDENTITY` where the study or SOP Instance UID is missing.
    """
    study, sop = pseudonyms.uid(tags["StudyInstanceUID"]), pseudonyms.uid(tags["SOPInstanceUID"])
    if study is None or sop is None:
        return Failure.MISSING_IDENTITY
    issuer, accession = tags["AccessionIssuer"], tags["AccessionNumber"]
    return Instance(
        digest=arrival.digest,
        sop=sop,
        series=pseudonyms.uid(tags["SeriesInstanceUID"]),
        study=study,
        patient=pseudonyms.patient(tags["PatientID"]),
        accession=pseudonyms.accession(accession),
        issuer_accession=pseudonyms.accession(accession, issuer=issuer) if issuer else None,
        sop_class=tags["SOPClassUID"],
        transfer_syntax=tags["TransferSyntaxUID"],
        rows=_integer(tags["Rows"]),
        columns=_integer(tags["Columns"]),
        frames=max(1, _integer(tags["NumberOfFrames"])),
        series_number=_integer(tags["SeriesNumber"]),
        instance_number=_integer(tags["InstanceNumber"]),
        acquisition=acquisition_of(tags, sites),
        technique=technique_of(tags),
        localizer="LOCALIZER" in tags["ImageType"].upper().split("\\"),
        studied_at=studied_at(tags, zone=zone, otherwise=arrival.received_at),
        received_at=arrival.received_at,
        unusable=unusable,
    )


def studied_at(tags: Mapping[str, str], *, zone: tzinfo, otherwise: datetime) -> datetime:
    """When the study was done, in the zone it was recorded in; `otherwise` where no valid date is stated."""
    digits = re.sub(r"\D", "", tags["StudyTime"].split(".")[0])[:6].ljust(6, "0")
    try:
        naive = datetime.strptime(tags["StudyDate"][:8] + digits, "%Y%m%d%H%M%S")  # noqa: DTZ007  # its zone is next
    except ValueError:
        return otherwise
    stated = re.fullmatch(r"([+-])(\d\d)(\d\d)", tags["TimezoneOffsetFromUTC"])
    if stated is None:
        return naive.replace(tzinfo=zone)
    sign, hours, minutes = stated.groups()
    offset = timedelta(hours=int(hours), minutes=int(minutes)) * (-1 if sign == "-" else 1)
    return naive.replace(tzinfo=timezone(offset) if abs(offset) < timedelta(hours=24) else zone)


def age_band(tags: Mapping[str, str]) -> str:
    """The band of the stated age, or of the age at the study date; an age itself is never kept."""
    stated = re.fullmatch(r"(\d{1,3})([DWMY])", tags["PatientAge"])
    if stated is not None:
        years = int(stated.group(1)) * _YEARS_PER[stated.group(2)]
    else:
        born, taken = tags["PatientBirthDate"][:8], tags["StudyDate"][:8]
        if not (born.isdigit() and taken.isdigit() and len(born) == len(taken) == 8):
            return UNKNOWN
        years = (int(taken) - int(born)) // 10000
    return next((band for limit, band in _AGE_BANDS if 0 <= years < limit), UNKNOWN)


def acquisition_of(tags: Mapping[str, str], sites: Mapping[str, str]) -> Acquisition:
    """How, where and of whom an image was taken, as coarsely as strata need it; no serial number, age or hour."""
    return Acquisition(
        modality=_term(tags["Modality"]),
        body_part=_term(tags["BodyPartExamined"]),
        view_position=_term(tags["ViewPosition"]),
        site=sites.get(tags["InstitutionName"], UNMAPPED if tags["InstitutionName"] else UNKNOWN),
        manufacturer=_term(tags["Manufacturer"]),
        model_name=_term(tags["ManufacturerModelName"]),
        software=_term(tags["SoftwareVersions"].split("\\")[0]),
        sex=tags["PatientSex"] if tags["PatientSex"] in {"F", "M", "O"} else UNKNOWN,
        age_band=age_band(tags),
        detector=_term(tags["DetectorType"]),
        kernel=_term(tags["ConvolutionKernel"].split("\\")[0]),
        orientation=orientation(tags["ImageOrientationPatient"]),
        laterality=_laterality(tags),
        contrast=_contrast(tags),
        time_of_day=_time_of_day(tags["StudyTime"]),
    )


def technique_of(tags: Mapping[str, str]) -> Technique:
    """How an image was exposed and sampled; a value that is not a positive number is not stated."""
    return Technique(
        kvp=_positive(tags["KVP"]),
        exposure_mas=_positive(tags["Exposure"])
        or _positive(tags["ExposureInmAs"])
        or _positive(tags["ExposureInuAs"], unit=1e-3),
        slice_thickness_mm=_positive(tags["SliceThickness"]),
        spacing_mm=_positive((tags["PixelSpacing"] or tags["ImagerPixelSpacing"]).split("\\")[0]),
        rows=_positive(tags["Rows"]),
        columns=_positive(tags["Columns"]),
    )


def orientation(stated: str) -> str:
    """The plane an image lies in, by the axis its normal is nearest to; `oblique` where it is off by over 30 degrees.

    Args:
        stated: ImageOrientationPatient: direction cosines of rows and columns, separated by backslashes.
    """
    try:
        rx, ry, rz, cx, cy, cz = map(float, stated.split("\\"))
    except ValueError:
        return UNKNOWN
    normal = (abs(ry * cz - rz * cy), abs(rz * cx - rx * cz), abs(rx * cy - ry * cx))
    length = math.hypot(*normal)
    if not 0.9 < length < 1.1:
        return UNKNOWN
    plane, cosine = max(zip(("sagittal", "coronal", "axial"), normal, strict=True), key=lambda pair: pair[1])
    return plane if cosine / length >= _ALIGNED else "oblique"


def _laterality(tags: Mapping[str, str]) -> str:
    stated = tags["FrameLaterality"] or tags["ImageLaterality"] or tags["Laterality"]
    return stated if stated in {"L", "R", "B", "U"} else UNKNOWN


def _contrast(tags: Mapping[str, str]) -> str:
    """An agent left empty says nothing: many scanners send the attribute with every image."""
    agent = tags["ContrastBolusAgent"].upper()
    if agent in {"NO", "NONE", "N"}:
        return "no"
    return "yes" if agent or tags["ContrastAgents"] != "0" else UNKNOWN


def _time_of_day(stated: str) -> str:
    """The quarter of the day: who is on duty, without saying when a patient came."""
    hour = stated[:2]
    if not hour.isdigit() or int(hour) > 23:
        return UNKNOWN
    first = int(hour) // 6 * 6
    return f"{first:02d}-{first + 5:02d}"


def _positive(value: str, *, unit: float = 1.0) -> float | None:
    try:
        number = float(value) * unit
    except ValueError:
        return None
    return number if math.isfinite(number) and number > 0 else None


def _term(value: str) -> str:
    """Free text as a stratum: what a scanner's name is made of, at most 64 characters."""
    return _TERM.sub(" ", value).strip()[:_MAX_TERM] or UNKNOWN


def _integer(value: str) -> int:
    return int(value) if re.fullmatch(r"-?\d{1,9}", value) else 0
