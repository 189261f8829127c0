"""From header values to an `Instance`: here identifiers become pseudonyms and free text becomes strata."""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone, tzinfo

from monitor.core.identity import Pseudonyms
from monitor.core.ports import Arrival
from monitor.core.study import UNKNOWN, Acquisition, Exclusion, Failure, Instance

SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
UNMAPPED = "unmapped"
_AGE_BANDS = ((18, "0-17"), (40, "18-39"), (65, "40-64"), (80, "65-79"), (200, "80+"))
_YEARS_PER = {"D": 1 / 365.25, "W": 7 / 365.25, "M": 1 / 12, "Y": 1.0}
_TERM = re.compile(r"[^\w .+/()-]+")
_MAX_TERM = 64


def instance_of(
    arrival: Arrival,
    tags: Mapping[str, str],
    *,
    pseudonyms: Pseudonyms,
    sites: Mapping[str, str],
    zone: tzinfo,
) -> Instance | Failure:
    """Make an instance of the header values a jail gave.

    Args:
        arrival: the object in the spool.
        tags: DICOM keyword to value, both plain bounded strings.
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
        acquisition=_acquisition(tags, sites),
        studied_at=studied_at(tags, zone=zone, otherwise=arrival.received_at),
        received_at=arrival.received_at,
        unusable=_unusable(tags),
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


def _acquisition(tags: Mapping[str, str], sites: Mapping[str, str]) -> Acquisition:
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
    )


def _term(value: str) -> str:
    """Free text as a stratum: what a scanner's name is made of, at most 64 characters."""
    return _TERM.sub(" ", value).strip()[:_MAX_TERM] or UNKNOWN


def _integer(value: str) -> int:
    return int(value) if re.fullmatch(r"-?\d{1,9}", value) else 0


def _unusable(tags: Mapping[str, str]) -> Exclusion | None:
    if _integer(tags["Rows"]) < 1 or _integer(tags["Columns"]) < 1:
        return Exclusion.UNSUPPORTED_SOP_CLASS
    derived_again = tags["SOPClassUID"].startswith(SECONDARY_CAPTURE) or tags["ConversionType"]
    return Exclusion.SECONDARY_CAPTURE if derived_again else None
