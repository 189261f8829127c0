"""What an association is about: A-ASSOCIATE in and out (PS3.8 §9.3.2 and 9.3.3), read and written by pynetdicom."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from pydicom.uid import UID, AllTransferSyntaxes, ExplicitVRLittleEndian, ImplicitVRLittleEndian
from pynetdicom import PYNETDICOM_IMPLEMENTATION_UID, _config, service_class
from pynetdicom.pdu import A_ASSOCIATE_AC, A_ASSOCIATE_RQ
from pynetdicom.pdu_primitives import A_ASSOCIATE, ImplementationClassUIDNotification, MaximumLengthNotification
from pynetdicom.presentation import PresentationContext
from pynetdicom.sop_class import uid_to_service_class

from monitor.ingest.upper_layer import PDU_BYTES, AbortReason, PduType, ProtocolError, framed

VERIFICATION, COMMITMENT = "1.2.840.10008.1.1", "1.2.840.10008.1.20.1"
APPLICATION_CONTEXT = "1.2.840.10008.3.1.1.1"
_MEDIA_DIRECTORY = "1.2.840.10008.1.3.10"
_ACCEPTED, _ABSTRACT_SYNTAX_UNKNOWN, _NO_TRANSFER_SYNTAX = 0, 3, 4
_LEAST_PDU = 128  # enough for a command; what a peer may ask for less is not met
_MOST_PDU = 1 << 20
_PLAIN = (ImplicitVRLittleEndian, ExplicitVRLittleEndian)
"""What a commitment request may come in: never deflated, so that its length is known."""
_STORED = (
    service_class.StorageServiceClass,
    service_class.NonPatientObjectStorageServiceClass,
    service_class.ServiceClass,  # not known as any other service: a private or newer storage class
)


_config.LOG_HANDLER_LEVEL = "none"  # its handlers would log data sets' identifiers at debug level


class Service(StrEnum):
    """What a presentation context is for."""

    VERIFICATION = "verification"
    STORAGE = "storage"
    COMMITMENT = "commitment"


@dataclass(frozen=True, kw_only=True, slots=True)
class Context:
    """An accepted presentation context."""

    service: Service
    abstract_syntax: str
    transfer_syntax: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """An association as it is asked for. `peer_pdu` is what the other side takes in one PDU."""

    called: str
    calling: str
    application_context: str
    peer_pdu: int
    proposed: tuple[Any, ...]  # pynetdicom's PresentationContext ships no types


def read(content: bytes) -> Request:
    """Read what an A-ASSOCIATE-RQ holds.

    Raises:
        ProtocolError: it cannot be read.
    """
    try:
        pdu = A_ASSOCIATE_RQ()
        pdu.decode(framed(PduType.ASSOCIATE_RQ, content))
        asked = pdu.to_primitive()
        return Request(
            called=str(asked.called_ae_title).strip(),
            calling=str(asked.calling_ae_title).strip(),
            application_context=str(asked.application_context_name),
            peer_pdu=max(_LEAST_PDU, min(asked.maximum_length_received or _MOST_PDU, _MOST_PDU)),
            proposed=tuple(asked.presentation_context_definition_list),
        )
    except Exception as error:  # a hostile request can make its reader fail in any way
        raise ProtocolError(AbortReason.INVALID_PARAMETER) from error


def accept(request: Request) -> tuple[bytes, Mapping[int, Context]]:
    """The A-ASSOCIATE-AC, and the contexts it accepts by their number: the first transfer syntax that is known."""
    accepted: dict[int, Context] = {}
    results = []
    for proposed in request.proposed:
        service = _service(proposed.abstract_syntax)
        known = _PLAIN if service is Service.COMMITMENT else AllTransferSyntaxes
        syntax = next((syntax for syntax in proposed.transfer_syntax if syntax in known), None)
        result = _ABSTRACT_SYNTAX_UNKNOWN if service is None else _NO_TRANSFER_SYNTAX if syntax is None else _ACCEPTED
        if service is not None and syntax is not None:
            accepted[proposed.context_id] = Context(
                service=service, abstract_syntax=str(proposed.abstract_syntax), transfer_syntax=str(syntax)
            )
        answer = PresentationContext()
        answer.context_id, answer.result = proposed.context_id, result
        answer.transfer_syntax = [syntax or ImplicitVRLittleEndian]
        results.append(answer)
    return _encoded(request, results), accepted


def _service(abstract_syntax: str) -> Service | None:
    if abstract_syntax == VERIFICATION:
        return Service.VERIFICATION
    if abstract_syntax == COMMITMENT:
        return Service.COMMITMENT
    stored = uid_to_service_class(abstract_syntax) in _STORED and abstract_syntax != _MEDIA_DIRECTORY
    return Service.STORAGE if stored else None


def _encoded(request: Request, results: list[Any]) -> bytes:
    answer = A_ASSOCIATE()
    answer.application_context_name = APPLICATION_CONTEXT
    answer.calling_ae_title, answer.called_ae_title = request.calling, request.called
    answer.result, answer.result_source = 0, 1
    answer.presentation_context_definition_results_list = results
    length, implementation = MaximumLengthNotification(), ImplementationClassUIDNotification()
    length.maximum_length_received = PDU_BYTES
    implementation.implementation_class_uid = UID(PYNETDICOM_IMPLEMENTATION_UID)
    answer.user_information = [length, implementation]
    pdu = A_ASSOCIATE_AC()
    pdu.from_primitive(answer)
    return bytes(pdu.encode())
