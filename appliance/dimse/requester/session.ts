import type { Socket } from 'node:net'
import { DimseError } from '../errors.ts'
import { CommandAssembler } from '../message/assembler.ts'
import { type CommandSet, ELEMENT } from '../message/command-set.ts'
import { hasDataSet, RESPONSE_BIT } from '../message/commands.ts'
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

/** The one request that is open. */
interface OpenRequest {
  readonly commandField: number
  readonly messageId: number
  resolve(response: Response): void
  reject(error: DimseError): void
}

const MAX_ASSOCIATE_BYTES = 262_144

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
  /** The context of a data set that follows a response and is dropped: none of our requests asks for one. */
  #ignored: number | undefined

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
    request: { readonly commandField: number; readonly messageId: number },
    command: readonly Uint8Array[],
    sendDataSet?: () => Promise<void>,
  ): Promise<Response> {
    if (!this.usable || this.#request !== undefined)
      throw new DimseError('association-closed', 'the association takes no request', this.#failure)
    const response = Promise.withResolvers<Response>()
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

  received(event: PduEvent): void {
    const reaction = reactionTo(this.#state, event.kind)
    if (reaction === 'answer-release') {
      // PS3.8 9.2, AR-8 and AR-9: both sides asked for the release; the requester answers first.
      this.#state = 'release-collision'
      this.#connection.send(encodeReleaseResponse())
    } else if (reaction === 'indicate') this.#indicated(event)
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
    this.#closed.resolve()
  }

  #indicated(event: PduEvent): void {
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
        this.#data(event)
        break
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

  #data(event: Extract<PduEvent, { kind: 'data' }>): void {
    if (!event.command) {
      if (event.contextId !== this.#ignored)
        throw new MalformedMessageError('data set without a command set (PS3.7 6.3.1)')
      if (event.last) this.#ignored = undefined
      return
    }
    const command = this.#commands.add(event)
    if (command === undefined) return
    if (hasDataSet(command)) this.#ignored = event.contextId
    this.#answered(command)
  }

  #answered(command: CommandSet): void {
    const request = this.#request
    if (
      request === undefined ||
      command.number(ELEMENT.commandField) !== (request.commandField | RESPONSE_BIT) ||
      command.number(ELEMENT.messageIdBeingRespondedTo) !== request.messageId
    )
      throw new MalformedMessageError('response does not belong to the request (PS3.7 9.3)')
    const status = command.requiredNumber(ELEMENT.status)
    this.#request = undefined
    this.#connection.expectNothing()
    request.resolve({ status, comment: command.text(ELEMENT.errorComment) ?? '' })
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
