import type { Socket } from 'node:net'
import { DimseError } from '../errors.ts'
import { CommandAssembler } from '../message/assembler.ts'
import { type CommandSet, ELEMENT } from '../message/command-set.ts'
import { hasDataSet, isPending, RESPONSE_BIT } from '../message/commands.ts'
import { CollectingReceiver, type DataSetReceiver, droppingReceiver } from '../message/data-set-receiver.ts'
import type { AssociateAccept } from '../upper-layer/associate.ts'
import { decodeAssociateAccept } from '../upper-layer/associate-codec.ts'
import { Connection, type ConnectionUser } from '../upper-layer/connection.ts'
import { MalformedError, MalformedMessageError, MalformedPduError } from '../upper-layer/malformed.ts'
import { ABORT_REASON, ABORT_SOURCE, type PduEvent } from '../upper-layer/pdu.ts'
import { encodeAbort, encodeReleaseRequest, encodeReleaseResponse } from '../upper-layer/pdu-writer.ts'
import { type AssociationState, reactionTo } from '../upper-layer/state-machine.ts'
import type { RequesterTimeouts } from './options.ts'
import { rejectedError } from './rejected.ts'
import { isTlsFailure } from './transport.ts'

/** What the peer said: any status, also a failure (PS3.7 annex C). */
export interface Response {
  readonly status: number
  readonly comment: string
}

/** A response with everything in it: the command set, and the data set where one was wanted and came. */
export interface FullResponse extends Response {
  readonly command: CommandSet
  readonly dataSet: Uint8Array | undefined
}

/** What a request says about itself. */
export interface Request {
  readonly commandField: number
  readonly messageId: number
  /** Told about each response that says that more come; while its promise is open, nothing further is read. */
  readonly onPending?: (response: FullResponse) => void | Promise<void>
  /** Longest data set of a response that is read, in bytes. Without it data sets of responses are dropped. */
  readonly maxResponseBytes?: number
}

/** The one request that is open. */
interface OpenRequest extends Request {
  resolve(response: FullResponse): void
  reject(error: DimseError): void
}

/**
 * Takes a request of the peer on our association: a C-STORE of a C-GET, an N-EVENT-REPORT. Returns what takes its data
 * set. @throws MalformedMessageError for a request that was not to be expected.
 */
export type PeerRequestHandler = (command: CommandSet, contextId: number) => Promise<DataSetReceiver>

const MAX_ASSOCIATE_BYTES = 262_144
/** Bytes of an unfinished message that count as progress: a peer that trickles less is waited for no longer. */
const PROGRESS_BYTES = 4096

/**
 * The requester's side of PS3.8 9.2 for one association, with one request at a time (PS3.7 D.3.3.3). The first thing
 * that goes wrong is kept and is what every later call gets.
 */
export class RequesterSession implements ConnectionUser {
  readonly #connection: Connection
  readonly #timeouts: RequesterTimeouts
  readonly #commands = new CommandAssembler()
  readonly #closed = Promise.withResolvers<void>()
  readonly #answer = Promise.withResolvers<AssociateAccept>()
  #state: AssociationState = 'awaiting-answer'
  #request: OpenRequest | undefined
  #failure: DimseError | undefined
  #incoming: { readonly contextId: number; readonly receiver: DataSetReceiver } | undefined
  #serve: PeerRequestHandler | undefined
  #trickled = 0

  constructor(socket: Socket, timeouts: RequesterTimeouts, maxPduReceived: number) {
    this.#timeouts = timeouts
    this.#connection = new Connection(
      socket,
      {
        maxDataBytes: maxPduReceived,
        maxAssociateBytes: MAX_ASSOCIATE_BYTES,
        maxPendingBytes: maxPduReceived,
        artimTimeoutMs: timeouts.associationMs,
      },
      this,
    )
  }

  /** Settles when the transport is gone. */
  get closedPromise(): Promise<void> {
    return this.#closed.promise
  }

  /** True while requests can be sent. */
  get usable(): boolean {
    return this.#state === 'established' && this.#connection.open
  }

  /** From now on the peer may make requests. */
  serve(handler: PeerRequestHandler): void {
    this.#serve = handler
  }

  get #answeredAll(): boolean {
    return this.#request === undefined
  }

  /** Sends A-ASSOCIATE-RQ and waits for the answer (PS3.8 9.2, AE-2). @throws DimseError. */
  open(associateRequest: Uint8Array): Promise<AssociateAccept> {
    this.#connection.start()
    this.#connection.send(associateRequest)
    this.#connection.expectWithin(this.#timeouts.associationMs)
    return this.#answer.promise
  }

  /**
   * Sends a command set and waits for its response; `sendDataSet` is called in between.
   * @throws DimseError when there is no answer: the association is then over.
   */
  async exchange(
    request: Request,
    command: readonly Uint8Array[],
    sendDataSet?: () => Promise<void>,
  ): Promise<FullResponse> {
    if (!this.usable || this.#request !== undefined)
      throw new DimseError('association-closed', 'the association takes no request', this.#failure)
    const response = Promise.withResolvers<FullResponse>()
    // A failure while data is sent is thrown from there; this promise must not count as unhandled then.
    response.promise.catch(() => {})
    this.#request = { ...request, resolve: response.resolve, reject: response.reject }
    await this.send(command)
    await sendDataSet?.()
    // A peer may answer before it has read everything (PS3.7 9.1.1.2 allows an early refusal).
    if (this.#answeredAll) this.#connection.expectNothing()
    return response.promise
  }

  /** Sends one PDU and waits while the peer does not read. @throws DimseError when the association is over. */
  async send(pieces: readonly Uint8Array[]): Promise<void> {
    if (this.usable) {
      const drained = this.#connection.sendPieces(pieces)
      this.#connection.expectWithin(this.#timeouts.responseMs)
      if (drained !== undefined) await drained
    }
    // Nothing is waited for after an answer to a request of the peer.
    if (this.#answeredAll) this.#connection.expectNothing()
    if (!this.usable)
      throw this.#failure ?? new DimseError('connection-lost', 'the connection broke while data was sent')
  }

  /** Ends the association in order (PS3.8 9.2, AR-1). Never rejects: nothing is left to lose. */
  async release(): Promise<void> {
    if (this.usable) {
      this.#state = 'awaiting-release-response'
      this.#connection.send(encodeReleaseRequest())
      this.#connection.expectWithin(this.#timeouts.associationMs)
    }
    await this.#closed.promise
  }

  /** Ends the association at once (PS3.8 9.2, AA-1). */
  abort(
    failure: DimseError,
    source: number = ABORT_SOURCE.serviceUser,
    reason: number = ABORT_REASON.notSpecified,
  ): void {
    this.#fail(failure)
    this.#connection.finish(encodeAbort(source, reason), true)
  }

  received(event: PduEvent): void | Promise<void> {
    const reaction = reactionTo(this.#state, event.kind)
    if (reaction === 'answer-release') {
      // PS3.8 9.2, AR-8 and AR-9: both sides asked for the release; the requester answers first.
      this.#state = 'release-collision'
      this.#connection.send(encodeReleaseResponse())
    } else if (reaction === 'indicate') return this.#indicated(event)
    else throw new MalformedPduError('PDU is out of place (PS3.8 table 9-10)', ABORT_REASON.unexpectedPdu)
  }

  failed(error: unknown): void {
    const failure = error instanceof DimseError ? error : new DimseError('protocol', 'unexpected failure', error)
    if (error instanceof MalformedError) this.abort(failure, error.abortSource, error.abortReason)
    else this.abort(failure)
  }

  expired(): void {
    if (this.#state === 'awaiting-answer')
      this.abort(new DimseError('association-timed-out', 'no answer to the association request'))
    else this.abort(new DimseError('timed-out', 'no response in time'))
  }

  closed(error: Error | undefined): void {
    if (this.#state !== 'awaiting-answer') this.#fail(new DimseError('connection-lost', 'the connection broke', error))
    // With TLS 1.3 the peer's verdict about our certificate comes after the handshake.
    else if (isTlsFailure(error)) this.#fail(new DimseError('tls-failed', 'the peer refused our certificate', error))
    else this.#fail(new DimseError('association-closed', 'the peer closed instead of answering', error))
    void this.#settle()
  }

  async #settle(): Promise<void> {
    await this.#incoming?.receiver.discard()
    this.#incoming = undefined
    this.#closed.resolve()
  }

  #indicated(event: PduEvent): void | Promise<void> {
    switch (event.kind) {
      case 'associate-accept':
        this.#connection.expectNothing()
        this.#answer.resolve(decodeAssociateAccept(event.body))
        this.#state = 'established'
        break
      case 'associate-reject':
        this.#fail(rejectedError(event.rejection))
        this.#connection.destroy()
        break
      case 'data':
        return this.#data(event)
      case 'release-request':
        // PS3.8 9.2, AR-2 and AR-4: the peer ends it; what was being waited for will not come.
        this.#fail(new DimseError('aborted', 'the peer released the association'))
        this.#connection.finish(encodeReleaseResponse(), true)
        break
      case 'abort':
        this.#fail(this.#abortedByPeer(event.abort.source, event.abort.reason))
        this.#connection.destroy()
        break
      case 'release-response': // AR-3.
      case 'associate-request':
        this.#fail(new DimseError('association-closed', 'the association is released'))
        this.#connection.destroy()
        break
    }
  }

  #data(event: Extract<PduEvent, { kind: 'data' }>): void | Promise<void> {
    this.#noteProgress(event)
    const incoming = this.#incoming
    if (event.command) {
      if (incoming !== undefined)
        throw new MalformedMessageError('command set before the end of a data set (PS3.8 E.1)')
      const command = this.#commands.add(event)
      return command === undefined ? undefined : this.#message(command, event.contextId)
    }
    if (incoming === undefined || incoming.contextId !== event.contextId || this.#commands.partial)
      throw new MalformedMessageError('data set without a command set (PS3.7 6.3.1)')
    const { receiver } = incoming
    if (receiver.keepsFragments) this.#connection.keepBytes()
    const writing = receiver.write(event.bytes)
    return event.last ? this.#finishDataSet(receiver, writing) : writing
  }

  async #finishDataSet(receiver: DataSetReceiver, writing: void | Promise<void>): Promise<void> {
    await writing
    this.#incoming = undefined
    await receiver.finish()
  }

  #message(command: CommandSet, contextId: number): void | Promise<void> {
    if ((command.requiredNumber(ELEMENT.commandField) & RESPONSE_BIT) === 0) return this.#requested(command, contextId)
    const request = this.#request
    if (
      request === undefined ||
      command.number(ELEMENT.commandField) !== (request.commandField | RESPONSE_BIT) ||
      command.number(ELEMENT.messageIdBeingRespondedTo) !== request.messageId
    )
      throw new MalformedMessageError('response does not belong to the request (PS3.7 9.3)')
    const dataSetFollows = hasDataSet(command)
    if (!dataSetFollows) return this.#answered(request, command, undefined)
    if (request.maxResponseBytes === undefined) {
      this.#incoming = { contextId, receiver: droppingReceiver() }
      return this.#answered(request, command, undefined)
    }
    const receiver = new CollectingReceiver(request.maxResponseBytes, async (dataSet) => {
      if (dataSet === undefined) throw new MalformedMessageError('data set of a response is too large')
      await this.#answered(request, command, dataSet)
    })
    this.#incoming = { contextId, receiver }
  }

  #answered(request: OpenRequest, command: CommandSet, dataSet: Uint8Array | undefined): void | Promise<void> {
    const status = command.requiredNumber(ELEMENT.status)
    const response = { status, comment: command.text(ELEMENT.errorComment) ?? '', command, dataSet }
    if (isPending(status) && request.onPending !== undefined) return request.onPending(response)
    this.#request = undefined
    this.#connection.expectNothing()
    request.resolve(response)
  }

  async #requested(command: CommandSet, contextId: number): Promise<void> {
    if (this.#serve === undefined) throw new MalformedMessageError('request of a peer that was asked for none')
    // PS3.8 9.2, Sta7: what still comes after our release request can be read and no longer answered.
    const receiver = this.usable ? await this.#serve(command, contextId) : droppingReceiver()
    if (hasDataSet(command)) this.#incoming = { contextId, receiver }
    else await receiver.finish()
  }

  /** A slow but honest peer moves kilobytes between two looks of the timer; one that trickles does not. */
  #noteProgress(event: Extract<PduEvent, { kind: 'data' }>): void {
    this.#trickled += event.bytes.length
    if (!event.last && this.#trickled < PROGRESS_BYTES) return
    this.#trickled = 0
    this.#connection.progress()
  }

  #abortedByPeer(source: number, reason: number): DimseError {
    const message = `aborted by the peer (source ${source}, reason ${reason})`
    // Some peers abort where they should reject: nothing was sent, so this is not an open question.
    return new DimseError(this.#state === 'awaiting-answer' ? 'association-closed' : 'aborted', message)
  }

  #fail(failure: DimseError): void {
    this.#failure ??= failure
    this.#answer.promise.catch(() => {})
    this.#answer.reject(this.#failure)
    this.#request?.reject(this.#failure)
    this.#request = undefined
  }
}
