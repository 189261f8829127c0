"""One association from the first byte to the last: asked for, accepted, its messages answered in turn."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial

from monitor.core.ports import Clock
from monitor.ingest import dimse, negotiation, upper_layer
from monitor.ingest.admission import Limits, OnRefused, Refusal, Refused, Slots
from monitor.ingest.commitment import WELL_KNOWN_INSTANCE, Action, Commitments, Report, encoded
from monitor.ingest.dimse import Command, Field, Message, Status
from monitor.ingest.negotiation import Context, Service
from monitor.ingest.spool import AssociationLog, DiskSpool
from monitor.ingest.storing import Answer, Operation, Store, heading
from monitor.ingest.upper_layer import AbortReason, Link, PduType, Pdv, ProtocolError

MOST_COMMAND_BYTES = 16 << 10
_REQUEST_COMMITMENT = 1
_PERMANENT, _TRANSIENT = 1, 2
_BY_USER, _BY_PRESENTATION = 1, 3


@dataclass(frozen=True, kw_only=True)
class Desk:
    """What every association is served with."""

    spool: DiskSpool
    clock: Clock
    limits: Limits
    slots: Slots
    pseudonym: Callable[[str], str | None]
    commitments: Commitments | None
    on_refused: OnRefused


@dataclass(kw_only=True)
class _Exchange:
    """The request under way on an association."""

    context: int
    command: Command
    operation: Operation


@dataclass(kw_only=True)
class _State:
    """What changes while an association lasts."""

    title: str = ""
    peer_pdu: int = 0
    contexts: Mapping[int, Context] = field(default_factory=dict)
    command: bytearray = field(default_factory=bytearray)
    exchange: _Exchange | None = None
    reports: int = 0
    released: bool = False


class Association:
    """Serves one connection in the thread that calls `serve`."""

    def __init__(self, link: Link, host: str, desk: Desk) -> None:
        self._link, self._host, self._desk = link, host, desk
        self._state = _State()
        self._log = AssociationLog(desk.spool)

    def serve(self, on_established: Callable[[], None]) -> None:
        """Serve until it is released, aborted, lost or too slow. `on_established` is called once it is accepted."""
        try:
            self._open(on_established)
        except ProtocolError as error:
            self._link.abort(error.reason)
            self._refuse(Refused.PROTOCOL)
        except TimeoutError:
            self._link.abort(AbortReason.NOT_SPECIFIED)
            self._refuse(Refused.TIMEOUT)
        except OSError:
            pass  # lost: what was not acknowledged is sent again
        finally:
            if self._state.exchange is not None:
                self._state.exchange.operation.discard()
            self._log.close(released=self._state.released)

    def _open(self, on_established: Callable[[], None]) -> None:
        limits, slots = self._desk.limits, self._desk.slots
        kind, content = self._link.receive(limits.association_timeout_seconds)
        if kind is not PduType.ASSOCIATE_RQ:
            raise ProtocolError(AbortReason.UNEXPECTED_PDU)
        request = negotiation.read(bytes(content))
        self._state.title = request.calling
        if request.called != limits.ae_title:
            self._reject(Refused.CALLED_TITLE, _PERMANENT, _BY_USER, 7)
        elif limits.calling_aes and request.calling not in limits.calling_aes:
            self._reject(Refused.CALLING_TITLE, _PERMANENT, _BY_USER, 3)
        elif request.application_context != negotiation.APPLICATION_CONTEXT:
            self._reject(Refused.PROTOCOL, _PERMANENT, _BY_USER, 2)
        elif not slots.take(request.calling):
            self._reject(Refused.BUSY, _TRANSIENT, _BY_PRESENTATION, 2)
        else:
            try:
                on_established()
                answer, self._state.contexts = negotiation.accept(request)
                self._state.peer_pdu = request.peer_pdu
                self._send(answer)
                self._converse()
            finally:
                slots.give_back(request.calling)

    def _reject(self, reason: Refused, result: int, source: int, why: int) -> None:
        self._refuse(reason)
        self._send(upper_layer.rejected(result, source, why))

    def _converse(self) -> None:
        while True:
            kind, content = self._link.receive(self._desk.limits.network_timeout_seconds)
            if kind is PduType.DATA:
                for piece in upper_layer.pdvs(content):
                    self._take(piece)
            elif kind is PduType.RELEASE_RQ:
                self._state.released = self._state.exchange is None and not self._state.command
                self._send(upper_layer.released())
                break
            elif kind is PduType.ABORT:
                break
            else:
                raise ProtocolError(AbortReason.UNEXPECTED_PDU)
        if self._state.reports:
            self._refuse(Refused.UNDELIVERED)

    def _take(self, piece: Pdv) -> None:
        state = self._state
        if piece.context not in state.contexts or piece.command is not (state.exchange is None):
            raise ProtocolError(AbortReason.UNEXPECTED_PDU)
        if state.exchange is None:
            state.command += piece.content
            if len(state.command) > MOST_COMMAND_BYTES:
                raise ProtocolError(AbortReason.INVALID_PARAMETER)
            if piece.last:
                content, state.command = bytes(state.command), bytearray()
                self._begin(piece.context, content)
            return
        if piece.context != state.exchange.context:
            raise ProtocolError(AbortReason.UNEXPECTED_PDU)
        state.exchange.operation.write(piece.content)
        if piece.last:
            self._finish(state.exchange)

    def _begin(self, context: int, content: bytes) -> None:
        try:
            command = dimse.decode(content)
        except dimse.CommandError:
            raise ProtocolError(AbortReason.INVALID_PARAMETER) from None
        message = dimse.number(command, Field.COMMAND)
        empty = dimse.number(command, Field.DATASET_TYPE) == dimse.NO_DATASET
        if message == Message.EVENT_REPORT | dimse.RESPONSE and empty:
            self._state.reports = max(0, self._state.reports - 1)
        elif message is None or message & dimse.RESPONSE:
            raise ProtocolError(AbortReason.UNEXPECTED_PDU)
        elif message != Message.CANCEL:
            operation = self._operation(self._state.contexts[context], command, message, empty=empty)
            self._state.exchange = _Exchange(context=context, command=command, operation=operation)
            if empty:
                self._finish(self._state.exchange)

    def _operation(self, context: Context, command: Command, message: int, *, empty: bool) -> Operation:
        if (context.service, message) == (Service.VERIFICATION, Message.ECHO):
            return Answer(Status.SUCCESS)
        if (context.service, message) == (Service.COMMITMENT, Message.ACTION):
            if dimse.number(command, Field.ACTION_TYPE) != _REQUEST_COMMITMENT:
                return Answer(Status.NO_SUCH_ACTION)
            return (
                Answer(Status.PROCESSING_FAILURE) if self._desk.commitments is None else Action(context.transfer_syntax)
            )
        if (context.service, message) != (Service.STORAGE, Message.STORE):
            return Answer(Status.UNRECOGNIZED_OPERATION)
        instance = dimse.text(command, Field.AFFECTED_INSTANCE)
        if empty or not instance:
            return Answer(Status.MISSING_ATTRIBUTE)
        return Store(
            self._desk.spool,
            self._log,
            heading(
                sop_class=dimse.text(command, Field.AFFECTED_CLASS) or context.abstract_syntax.encode(),
                sop_instance=instance,
                transfer_syntax=context.transfer_syntax.encode(),
            ),
            sop=self._desk.pseudonym(instance.decode("latin-1")),
            most=self._desk.limits.max_object_bytes,
            now=self._desk.clock.now,
            on_fault=self._refuse,
        )

    def _finish(self, exchange: _Exchange) -> None:
        self._state.exchange = None
        status = exchange.operation.finish()
        self._send(self._framed(exchange.context, dimse.response(exchange.command, status)))
        if isinstance(exchange.operation, Action) and status == Status.SUCCESS and self._desk.commitments is not None:
            report = self._desk.commitments.judge(exchange.operation.request)
            if not self._desk.commitments.send(self._state.title, report, partial(self._refuse, Refused.UNDELIVERED)):
                self._report(exchange.context, report)

    def _report(self, context: int, report: Report) -> None:
        """N-EVENT-REPORT over the association the request came on."""
        self._state.reports += 1
        command = dimse.encode(
            {
                Field.AFFECTED_CLASS: negotiation.COMMITMENT.encode(),
                Field.COMMAND: Message.EVENT_REPORT,
                Field.MESSAGE_ID: self._state.reports,
                Field.DATASET_TYPE: dimse.NO_DATASET - 1,
                Field.AFFECTED_INSTANCE: WELL_KNOWN_INSTANCE.encode(),
                Field.EVENT_TYPE: report.event,
            }
        )
        content = encoded(report, self._state.contexts[context].transfer_syntax)
        self._send(self._framed(context, command) + self._framed(context, content, command=False))

    def _framed(self, context: int, content: bytes, *, command: bool = True) -> bytes:
        return upper_layer.data(context, content, command=command, longest=self._state.peer_pdu)

    def _send(self, content: bytes) -> None:
        self._link.send(content, self._desk.limits.network_timeout_seconds)

    def _refuse(self, reason: Refused) -> None:
        self._desk.on_refused(Refusal(reason=reason, host=self._host, title=self._state.title))
