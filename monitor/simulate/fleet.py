"""The three sites and the machines that stand in them."""

from collections.abc import Mapping
from dataclasses import dataclass

from monitor.simulate.case import Scanner


@dataclass(frozen=True, kw_only=True, slots=True)
class Site:
    """A hospital of the group: what its machines call it, how busy it is (studies a day) and what stands there."""

    name: str
    institution: str
    volume: float
    scanners: tuple[Scanner, ...]


NORTH = "Overread North Hospital"
SOUTH = "Overread South Clinic"
EAST = "Overread East Medical Center"

FLEET: Mapping[str, Site] = {
    "north": Site(
        name="north",
        institution=NORTH,
        volume=9.0,
        scanners=(
            Scanner(
                institution=NORTH,
                station="NDX01",
                manufacturer="Aurelia Imaging",
                model_name="LumaDR 400",
                software="4.2.1",
                noise=0.010,
                blur=0.6,
                bits_stored=12,
            ),
            Scanner(
                institution=NORTH,
                station="NDX02",
                manufacturer="Aurelia Imaging",
                model_name="LumaDR Mobile",
                software="4.1.8",
                gain=0.97,
                noise=0.014,
                blur=0.7,
                bits_stored=12,
            ),
        ),
    ),
    "south": Site(
        name="south",
        institution=SOUTH,
        volume=6.5,
        scanners=(
            Scanner(
                institution=SOUTH,
                station="SDX01",
                manufacturer="Helion Medical",
                model_name="Radiant 7",
                software="R7.03",
                gain=1.02,
                noise=0.012,
                blur=0.7,
                gamma=1.05,
                photometric="MONOCHROME1",
                bits_stored=14,
            ),
        ),
    ),
    "east": Site(
        name="east",
        institution=EAST,
        volume=4.5,
        scanners=(
            Scanner(
                institution=EAST,
                station="EDX01",
                manufacturer="Kestrel X-ray",
                model_name="Clarion DX",
                software="2.9.0",
                gain=0.98,
                noise=0.011,
                blur=0.5,
                gamma=0.96,
                bits_stored=16,
            ),
        ),
    ),
}
"""Every site by its name."""

SITES: dict[str, str] = {site.institution: site.name for site in FLEET.values()}
"""InstitutionName to site: what the sidecar is told so that it can name a site."""
