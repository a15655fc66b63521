import { concat, type DataSet, writeDataSet } from '../../imaging/dataset/index.ts'
import { DimseError } from '../errors.ts'
import { isDeflated, VERIFICATION } from '../facts/uids.ts'
import type { CommandSet } from '../message/command-set.ts'
import { COMMAND, cancelRequest, echoRequest, storeRequest } from '../message/commands.ts'
import type { DataSetReceiver } from '../message/data-set-receiver.ts'
import { MalformedPduError } from '../upper-layer/malformed.ts'
import { encodeDataPdus } from '../upper-layer/pdu-writer.ts'
import { FragmentCutter } from './fragments.ts'
import type { FullResponse, Request, RequesterSession, Response } from './session.ts'

/** An instance to send: `dataSet` is the encoded data set in `transferSyntaxUid`, without file meta. */
export interface StoreArguments {
  readonly sopClassUid: string
  readonly sopInstanceUid: string
  readonly transferSyntaxUid: string
  readonly dataSet: AsyncIterable<Uint8Array> | Iterable<Uint8Array>
  /** PS3.7 9.1.1.1.5: 0 medium (unless told), 1 high, 2 low. */
  readonly priority?: 0 | 1 | 2
}

/** A presentation context that the peer accepted. */
export interface UsableContext {
  readonly id: number
  readonly abstractSyntax: string
  readonly transferSyntax: string
}

/** How a message with a data set is sent and what comes back. */
export interface Conversation {
  /** The transfer syntax of identifiers in responses. */
  readonly transferSyntax: string
  /** The last response. Rejects with DimseError when there is none. */
  readonly answer: Promise<FullResponse>
  /** C-CANCEL (PS3.7 9.3.2.3); does nothing after the last response. */
  cancel(): Promise<void>
}

/** Takes requests of the peer: see `RequestedAssociation.serve`. */
export type PeerRequests = (command: CommandSet, context: UsableContext) => Promise<DataSetReceiver>

/** Messages are not cut into larger PDUs than this, whatever the peer allows. */
const LARGEST_PDU_BYTES = 131_072
/** Message ids are 16 bits and start again (PS3.7 9.1.1.1.1). */
const MESSAGE_IDS = 0x10000

/** An association that we asked for. Requests are made one after the other. */
export class RequestedAssociation {
  readonly contexts: readonly UsableContext[]
  readonly #session: RequesterSession
  readonly #peerMaxLength: number
  #lastMessageId = 0

  constructor(session: RequesterSession, contexts: readonly UsableContext[], peerMaxLength: number) {
    this.#session = session
    this.contexts = contexts
    this.#peerMaxLength = peerMaxLength
  }

  /** True while requests can be sent. */
  get usable(): boolean {
    return this.#session.usable
  }

  /** True when the peer takes this SOP class in this transfer syntax. */
  accepts(sopClassUid: string, transferSyntaxUid: string): boolean {
    return this.#context(sopClassUid, transferSyntaxUid) !== undefined
  }

  /** C-ECHO (PS3.7 9.1.5). @throws DimseError. */
  async cEcho(): Promise<Response> {
    const context = this.contexts.find(({ abstractSyntax }) => abstractSyntax === VERIFICATION)
    if (context === undefined) throw new DimseError('no-presentation-context', 'the peer did not accept Verification')
    const messageId = this.#nextMessageId()
    return statusOf(
      await this.#session.exchange({ commandField: COMMAND.echo, messageId }, [
        this.#command(context, echoRequest(messageId)),
      ]),
    )
  }

  /**
   * C-STORE (PS3.7 9.1.1). Resolves with the status of the peer, whatever it is.
   * @throws DimseError when there was no answer or the data set could not be read: the association is then over. With
   * `no-presentation-context` it goes on.
   */
  async cStore(instance: StoreArguments): Promise<Response> {
    const { sopClassUid, sopInstanceUid, transferSyntaxUid, priority } = instance
    const context = this.#context(sopClassUid, transferSyntaxUid)
    if (context === undefined)
      throw new DimseError('no-presentation-context', `not accepted: ${sopClassUid} in ${transferSyntaxUid}`)
    const messageId = this.#nextMessageId()
    const command = storeRequest(messageId, sopClassUid, sopInstanceUid, priority)
    const request = { commandField: COMMAND.store, messageId }
    return statusOf(
      await this.#session.exchange(request, [this.#command(context, command)], () =>
        this.#sendDataSet(context, instance),
      ),
    )
  }

  /**
   * Sends a command with a data set and goes on until the last response.
   * @throws DimseError `no-presentation-context` when the peer did not accept the SOP class.
   */
  converse(
    message: {
      readonly sopClassUid: string
      readonly commandField: number
      readonly encode: (messageId: number) => Uint8Array
    },
    dataSet: DataSet,
    reading: Pick<Request, 'onPending' | 'maxResponseBytes'> = {},
  ): Conversation {
    const context = this.contexts.find(({ abstractSyntax }) => abstractSyntax === message.sopClassUid)
    if (context === undefined) throw new DimseError('no-presentation-context', `not accepted: ${message.sopClassUid}`)
    const messageId = this.#nextMessageId()
    let open = true
    const request = { commandField: message.commandField, messageId, ...reading }
    const bytes = concat(writeDataSet(dataSet, context.transferSyntax))
    const answer = this.#session
      .exchange(request, [
        this.#command(context, message.encode(messageId)),
        encodeDataPdus(context.id, false, bytes, this.#largestPdu()),
      ])
      .finally(() => {
        open = false
      })
    answer.catch(() => {})
    return {
      transferSyntax: context.transferSyntax,
      answer,
      cancel: async () => {
        if (open) await this.#session.send([this.#command(context, cancelRequest(messageId))])
      },
    }
  }

  /** From now on the peer may make requests here: C-STORE sub-operations of a C-GET, N-EVENT-REPORT. */
  serve(handler: PeerRequests): void {
    this.#session.serve((command, contextId) => {
      const context = this.contexts.find(({ id }) => id === contextId)
      if (context === undefined) throw new MalformedPduError('presentation context was not accepted (PS3.8 9.3.5.1)')
      return handler(command, context)
    })
  }

  /** Answers a request of the peer. @throws DimseError when the association is over. */
  async respond(context: UsableContext, response: Uint8Array): Promise<void> {
    await this.#session.send([this.#command(context, response)])
  }

  /** Settles when the transport is gone. */
  get closed(): Promise<void> {
    return this.#session.closedPromise
  }

  /** Ends the association in order (PS3.8 7.2). Never rejects. */
  async release(): Promise<void> {
    await this.#session.release()
  }

  /** Ends the association at once (PS3.8 7.3). */
  async abort(): Promise<void> {
    this.#session.abort(new DimseError('association-closed', 'the association was aborted here'))
    await this.#session.closedPromise
  }

  async #sendDataSet(context: UsableContext, { dataSet, transferSyntaxUid }: StoreArguments): Promise<void> {
    const cutter = new FragmentCutter(context.id, this.#peerMaxLength, isDeflated(transferSyntaxUid))
    for await (const piece of this.#readable(dataSet))
      for (const pdu of cutter.add(piece)) await this.#session.send(pdu)
    await this.#session.send(this.#orAbort(() => cutter.end()))
  }

  /** The source's own failure ends the association: without its end, half a data set must not be stored. */
  async *#readable(dataSet: StoreArguments['dataSet']): AsyncGenerator<Uint8Array, void, void> {
    const pieces = Symbol.asyncIterator in dataSet ? dataSet[Symbol.asyncIterator]() : dataSet[Symbol.iterator]()
    try {
      for (;;) {
        const next = await pieces.next()
        if (next.done === true) return
        yield next.value
      }
    } catch (error) {
      throw this.#sourceFailed(new DimseError('data-source-failed', 'the data set could not be read', error))
    } finally {
      await pieces.return?.()
    }
  }

  #orAbort<T>(read: () => T): T {
    try {
      return read()
    } catch (error) {
      throw error instanceof DimseError ? this.#sourceFailed(error) : error
    }
  }

  #sourceFailed(failure: DimseError): DimseError {
    this.#session.abort(failure)
    return failure
  }

  #command(context: UsableContext, command: Uint8Array): Uint8Array {
    return encodeDataPdus(context.id, true, command, this.#largestPdu())
  }

  #largestPdu(): number {
    return this.#peerMaxLength === 0 ? LARGEST_PDU_BYTES : Math.min(this.#peerMaxLength, LARGEST_PDU_BYTES)
  }

  #context(abstractSyntax: string, transferSyntax: string): UsableContext | undefined {
    return this.contexts.find(
      (candidate) => candidate.abstractSyntax === abstractSyntax && candidate.transferSyntax === transferSyntax,
    )
  }

  #nextMessageId(): number {
    this.#lastMessageId = (this.#lastMessageId + 1) % MESSAGE_IDS
    return this.#lastMessageId
  }
}

function statusOf({ status, comment }: FullResponse): Response {
  return { status, comment }
}
