import type { Socket } from 'node:net'
import type { Logger } from '@leadglass/sync-agent/foundation'
import { isCodedError } from '@leadglass/sync-agent/foundation'
import { DimseError } from '../errors.ts'
import { CommandAssembler } from '../message/assembler.ts'
import type { CommandSet } from '../message/command-set.ts'
import { type Answered, COMMAND, hasDataSet, response, STATUS } from '../message/commands.ts'
import { type DataSetReceiver, droppingReceiver } from '../message/data-set-receiver.ts'
import type { AssociationEnd, AssociationFacts, NetworkServices, StorageService, StoreOutcome } from '../ports.ts'
import { CONTEXT_RESULT } from '../upper-layer/associate.ts'
import { encodeAssociateAccept } from '../upper-layer/associate-codec.ts'
import { Connection, type ConnectionLimits, type ConnectionUser } from '../upper-layer/connection.ts'
import { MalformedError, MalformedMessageError, MalformedPduError } from '../upper-layer/malformed.ts'
import { ABORT_REASON, ABORT_SOURCE, type PduEvent } from '../upper-layer/pdu.ts'
import { encodeAbort, encodeDataPdus, encodeRejection, encodeReleaseResponse } from '../upper-layer/pdu-writer.ts'
import { reactionTo } from '../upper-layer/state-machine.ts'
import type { Admission, AdmissionDesk } from './admission.ts'
import { type AcceptedContext, type Request, readRequest } from './requests.ts'
import { ServiceMessages } from './service-messages.ts'
import { openSink, StoreReceiver } from './store-receiver.ts'

/** Limits of one association. */
export interface AcceptorLimits extends ConnectionLimits {
  /** How long an established association may be without progress, in milliseconds. */
  readonly idleTimeoutMs: number
  readonly maxInstanceBytes: number
}

export interface AcceptorParts {
  readonly desk: AdmissionDesk
  readonly storage: StorageService
  readonly services: NetworkServices
  readonly limits: AcceptorLimits
  readonly logger: Logger
}

/** Fragments are not made larger than this, whatever the peer allows. */
const LARGEST_PDU_BYTES = 131_072
/** Bytes of an unfinished message that count as progress: a peer that trickles less is idle. */
const PROGRESS_BYTES = 4096

const NO_DATA_SET_FOLLOWS: StoreOutcome = {
  kind: 'refused',
  status: STATUS.dataSetDoesNotMatchSopClass,
  comment: 'no data set follows the command',
}

type Established = Extract<Admission, { kind: 'accepted' }>

/** The acceptor's side of one association, from the first byte to the close of the transport. */
export class AcceptorAssociation implements ConnectionUser {
  readonly #parts: AcceptorParts
  readonly #connection: Connection
  readonly #onClosed: (association: AcceptorAssociation) => void
  readonly #contexts = new Map<number, AcceptedContext>()
  readonly #commands = new CommandAssembler()
  readonly #counts = { stored: 0, refused: 0, echoed: 0 }
  #established: Established | undefined
  #messages: ServiceMessages | undefined
  #incoming: { readonly contextId: number; readonly receiver: DataSetReceiver } | undefined
  #end: AssociationEnd = 'connection-lost'
  #trickled = 0

  constructor(socket: Socket, parts: AcceptorParts, onClosed: (association: AcceptorAssociation) => void) {
    this.#parts = parts
    this.#onClosed = onClosed
    this.#connection = new Connection(socket, parts.limits, this)
  }

  /** Waits for A-ASSOCIATE-RQ until ARTIM ends (PS3.8 9.2, AE-5). */
  start(): void {
    this.#connection.expectWithin(this.#parts.limits.artimTimeoutMs)
    this.#connection.start()
  }

  /** True once the request was accepted. */
  get established(): boolean {
    return this.#established !== undefined
  }

  /** Ends the association from our side (PS3.8 9.2, AA-1). */
  abort(): void {
    if (this.#established === undefined) this.#connection.destroy()
    else this.#abort('aborted', ABORT_SOURCE.serviceUser, ABORT_REASON.notSpecified)
  }

  received(event: PduEvent): void | Promise<void> {
    const state = this.#established === undefined ? 'awaiting-request' : 'established'
    const reaction = reactionTo(state, event.kind)
    if (reaction === 'close') return this.#connection.destroy()
    if (reaction !== 'indicate')
      throw new MalformedPduError('PDU is out of place (PS3.8 table 9-10)', ABORT_REASON.unexpectedPdu)
    switch (event.kind) {
      case 'associate-request':
        return this.#admit(event.body)
      case 'data':
        return this.#data(event)
      case 'release-request':
        this.#end = 'released'
        return this.#connection.finish(encodeReleaseResponse(), false)
      case 'abort': // AA-3.
      case 'associate-accept':
      case 'associate-reject':
      case 'release-response':
        this.#end = 'aborted'
        return this.#connection.destroy()
    }
  }

  failed(error: unknown): void {
    const malformed = error instanceof MalformedError
    this.#log().warn('dimse.association.failed', {
      code: isCodedError(error) ? error.code : 'unexpected',
      reason: malformed || !(error instanceof Error) ? undefined : error.name,
      detail: malformed ? error.message : undefined,
    })
    // PS3.8 table 9-10: AA-1 before there is an association, AA-8 after.
    if (malformed && this.#established !== undefined) this.#abort('aborted', error.abortSource, error.abortReason)
    else this.#abort('aborted', ABORT_SOURCE.serviceUser, ABORT_REASON.notSpecified)
  }

  expired(): void {
    // PS3.8 9.2, AA-2: without a request in time there is nobody to tell.
    if (this.#established === undefined) this.#connection.destroy()
    else this.#abort('timed-out', ABORT_SOURCE.serviceUser, ABORT_REASON.notSpecified)
  }

  closed(): void {
    void this.#settle()
  }

  async #settle(): Promise<void> {
    this.#messages?.ended()
    await this.#incoming?.receiver.discard()
    this.#incoming = undefined
    const established = this.#established
    if (established !== undefined) {
      this.#log().info('dimse.association.ended', { how: this.#end, ...this.#counts })
      this.#guard(() => this.#parts.storage.associationEnded(established.facts, this.#end, { ...this.#counts }))
    }
    this.#onClosed(this)
  }

  #admit(body: Uint8Array): void {
    const admission = this.#parts.desk.admit(body)
    if (admission.kind === 'accepted') this.#establish(admission)
    else {
      this.#guard(() => this.#parts.storage.associationRejected(admission.facts, admission.why))
      this.#connection.finish(encodeRejection(admission.rejection), false)
    }
  }

  #establish(admission: Established): void {
    this.#established = admission
    for (const context of admission.request.contexts) {
      const answer = admission.accept.contexts.find(({ id }) => id === context.id)
      if (answer?.result === CONTEXT_RESULT.acceptance)
        this.#contexts.set(context.id, { ...context, transferSyntax: answer.transferSyntax })
    }
    this.#messages = new ServiceMessages({
      services: this.#parts.services,
      association: admission.facts,
      send: (context, command, dataSet) => this.#sendMessage(context, command, dataSet),
      answerTimeoutMs: this.#parts.limits.idleTimeoutMs,
      logger: this.#log(),
    })
    this.#log().info('dimse.association.accepted', { contexts: this.#contexts.size })
    this.#guard(() => this.#parts.storage.associationAccepted(admission.facts))
    this.#connection.send(encodeAssociateAccept(admission.accept))
    this.#connection.expectWithin(this.#parts.limits.idleTimeoutMs)
  }

  #data(event: Extract<PduEvent, { kind: 'data' }>): void | Promise<void> {
    this.#noteProgress(event)
    const context = this.#contexts.get(event.contextId)
    if (context === undefined) throw new MalformedPduError('presentation context was not accepted (PS3.8 9.3.5.1)')
    const incoming = this.#incoming
    if (event.command) {
      if (incoming !== undefined)
        throw new MalformedMessageError('command set before the end of a data set (PS3.8 E.1)')
      const command = this.#commands.add(event)
      return command === undefined ? undefined : this.#dispatch(command, context)
    }
    if (incoming === undefined || this.#commands.partial)
      throw new MalformedMessageError('data set without a command set (PS3.7 6.3.1)')
    if (incoming.contextId !== event.contextId)
      throw new MalformedMessageError('data set on another presentation context than its command (PS3.8 E.1)')
    const { receiver } = incoming
    if (receiver.keepsFragments) this.#connection.keepBytes()
    const writing = receiver.write(event.bytes)
    if (!event.last) return writing
    return this.#finishDataSet(receiver, writing)
  }

  async #finishDataSet(receiver: DataSetReceiver, writing: void | Promise<void>): Promise<void> {
    await writing
    this.#incoming = undefined
    await receiver.finish()
  }

  #dispatch(command: CommandSet, context: AcceptedContext): void | Promise<void> {
    const dataSetFollows = hasDataSet(command)
    const service = this.#messages?.take(command, context)
    if (service !== undefined) {
      if (!dataSetFollows) return service.finish()
      this.#incoming = { contextId: context.id, receiver: service }
      return
    }
    const request = readRequest(command, context, this.#facts())
    if (request.kind === 'store' && dataSetFollows) return this.#beginStore(request, context)
    const answer = () => this.#answerWithoutStoring(request, context)
    if (!dataSetFollows) return answer()
    this.#incoming = { contextId: context.id, receiver: droppingReceiver(answer) }
  }

  async #beginStore(request: Extract<Request, { kind: 'store' }>, context: AcceptedContext): Promise<void> {
    const report = (error: unknown) => this.#reportStorage(error)
    const opened = await openSink(this.#parts.storage, request.facts, report)
    const store = new StoreReceiver(opened, this.#parts.limits.maxInstanceBytes, report)
    const receiver: DataSetReceiver = {
      get keepsFragments() {
        return store.keepsFragments
      },
      write: (fragment) => store.write(fragment),
      discard: () => store.discard(),
      finish: async () => this.#answerStore(context, request.answered, await store.finish()),
    }
    this.#incoming = { contextId: context.id, receiver }
  }

  #answerStore(context: AcceptedContext, answered: Answered, outcome: StoreOutcome): void {
    if (outcome.kind === 'stored') this.#counts.stored += 1
    else if (answered.commandField === COMMAND.store) this.#counts.refused += 1
    if (outcome.kind === 'stored') this.#respond(context, answered, STATUS.success)
    else this.#respond(context, answered, outcome.status, outcome.comment)
  }

  #answerWithoutStoring(request: Request, context: AcceptedContext): void {
    switch (request.kind) {
      case 'cancel':
        break
      case 'echo':
        this.#counts.echoed += 1
        this.#respond(context, request.answered, STATUS.success)
        break
      case 'refused':
        this.#answerStore(context, request.answered, request.refusal)
        break
      case 'store':
        this.#answerStore(context, request.answered, NO_DATA_SET_FOLLOWS)
        break
    }
  }

  #respond(context: AcceptedContext, answered: Answered, status: number, comment?: string): void {
    this.#connection.send(encodeDataPdus(context.id, true, response(answered, status, comment), this.#largestPdu()))
  }

  /** Sends a message of ours, command and data set in one go, so that no other comes between them (PS3.8 E.1). */
  async #sendMessage(context: AcceptedContext, command: Uint8Array, dataSet?: Uint8Array): Promise<void> {
    if (!this.#connection.open) throw new DimseError('connection-lost', 'the association is over')
    const largest = this.#largestPdu()
    const pieces = [encodeDataPdus(context.id, true, command, largest)]
    if (dataSet !== undefined) pieces.push(encodeDataPdus(context.id, false, dataSet, largest))
    this.#connection.progress()
    await this.#connection.sendPieces(pieces)
  }

  #largestPdu(): number {
    const maxLength = this.#established?.request.user.maxLength ?? 0
    return maxLength === 0 ? LARGEST_PDU_BYTES : Math.min(maxLength, LARGEST_PDU_BYTES)
  }

  /** A slow but honest sender moves kilobytes between two looks of the idle timer; one that trickles does not. */
  #noteProgress(event: Extract<PduEvent, { kind: 'data' }>): void {
    this.#trickled += event.bytes.length
    if (!event.last && this.#trickled < PROGRESS_BYTES) return
    this.#trickled = 0
    this.#connection.progress()
  }

  #abort(how: AssociationEnd, source: number, reason: number): void {
    this.#end = how
    this.#connection.finish(encodeAbort(source, reason), true)
  }

  #facts(): AssociationFacts {
    if (this.#established === undefined) throw new MalformedMessageError('message before the association')
    return this.#established.facts
  }

  #log(): Logger {
    return this.#established === undefined
      ? this.#parts.logger
      : this.#parts.logger.child({ associationId: this.#established.facts.associationId })
  }

  #reportStorage(error: unknown): void {
    this.#log().error('dimse.storage.failed', {
      code: isCodedError(error) ? error.code : 'unexpected',
      reason: error instanceof Error ? error.name : undefined,
    })
  }

  /** A service that throws in a notification must not take the association down. */
  #guard(notify: () => void): void {
    try {
      notify()
    } catch (error) {
      this.#reportStorage(error)
    }
  }
}
