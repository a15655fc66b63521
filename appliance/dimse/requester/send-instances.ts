import type { FailureClass } from '@leadglass/sync-agent/foundation'
import { DimseError, type DimseErrorCode } from '../errors.ts'
import type { RequestedAssociation } from './association.ts'
import { type ContextProposal, MAX_CONTEXTS } from './options.ts'
import { classifyStoreStatus } from './store-status.ts'

/** An instance that is to be sent as it is stored. `open` gives its data set, without file meta, each time anew. */
export interface OutgoingInstance {
  readonly sopClassUid: string
  readonly sopInstanceUid: string
  readonly transferSyntaxUid: string
  open(): AsyncIterable<Uint8Array>
}

/** What became of one instance. A warning status of the peer counts as accepted (PS3.4 B.2.3). */
export type InstanceResult =
  | { readonly kind: 'accepted'; readonly status: number }
  | {
      readonly kind: 'refused'
      readonly status: number
      readonly comment: string
      readonly failureClass: FailureClass
    }
  | { readonly kind: 'not-sent'; readonly error: DimseError }

/** How many instances are looked at ahead, so that one association usually has all the contexts it needs. */
const LOOK_AHEAD = 256
/** After so many associations that failed one after the other, the peer is taken for down. */
const MAX_FAILURES_IN_A_ROW = 3

const CONCERNS_ONE_INSTANCE: ReadonlySet<DimseErrorCode> = new Set(['no-presentation-context', 'data-source-failed'])
/** Another association may do better. After any other failure none can be had. */
const ENDED_AN_ASSOCIATION: ReadonlySet<DimseErrorCode> = new Set([
  'aborted',
  'connection-lost',
  'timed-out',
  'protocol',
  'association-closed',
])

type Open = (contexts: readonly ContextProposal[]) => Promise<RequestedAssociation>
type OnResult = (instance: OutgoingInstance, result: InstanceResult) => void | Promise<void>

/** Sends a stream of instances over as few associations as it takes. */
export class InstanceSender {
  readonly #open: Open
  readonly #ahead: OutgoingInstance[] = []
  #association: RequestedAssociation | undefined
  #proposed: ReadonlySet<string> = new Set()
  #failuresInARow = 0
  #down: DimseError | undefined

  constructor(open: Open) {
    this.#open = open
  }

  /** See `AssociationRequester.sendInstances`. */
  async sendAll(
    instances: AsyncIterable<OutgoingInstance> | Iterable<OutgoingInstance>,
    onResult: OnResult,
  ): Promise<void> {
    try {
      for await (const instance of instances) {
        this.#ahead.push(instance)
        if (this.#ahead.length >= LOOK_AHEAD) await this.#sendNext(onResult)
      }
      while (this.#ahead.length > 0) await this.#sendNext(onResult)
    } finally {
      await this.#association?.release()
    }
  }

  async #sendNext(onResult: OnResult): Promise<void> {
    const instance = this.#ahead[0]
    if (instance === undefined) return
    const result = await this.#send(instance)
    this.#ahead.shift()
    await onResult(instance, result)
  }

  async #send(instance: OutgoingInstance): Promise<InstanceResult> {
    if (this.#down !== undefined) return { kind: 'not-sent', error: this.#down }
    try {
      const association = await this.#associationFor(instance)
      const { status, comment } = await association.cStore({ ...instance, dataSet: instance.open() })
      this.#failuresInARow = 0
      const meaning = classifyStoreStatus(status)
      if (meaning === 'accepted') return { kind: 'accepted', status }
      return { kind: 'refused', status, comment, failureClass: meaning }
    } catch (error) {
      const failure =
        error instanceof DimseError ? error : new DimseError('data-source-failed', 'cannot be read', error)
      this.#note(failure)
      return { kind: 'not-sent', error: failure }
    }
  }

  /** An association that was negotiated for this instance; the peer may still have said no to its context. */
  async #associationFor(instance: OutgoingInstance): Promise<RequestedAssociation> {
    if (this.#association?.usable === true && this.#proposed.has(contextKey(instance))) return this.#association
    await this.#association?.release()
    this.#association = undefined
    const wanted = new Map<string, ContextProposal>()
    for (const next of this.#ahead) {
      if (wanted.size === MAX_CONTEXTS) break
      const proposal = { abstractSyntax: next.sopClassUid, transferSyntaxes: [next.transferSyntaxUid] }
      wanted.set(contextKey(next), proposal)
    }
    this.#association = await this.#open([...wanted.values()])
    this.#proposed = new Set(wanted.keys())
    return this.#association
  }

  /** Decides whether going on with the next instance makes sense. */
  #note(failure: DimseError): void {
    if (CONCERNS_ONE_INSTANCE.has(failure.code)) return
    this.#failuresInARow += 1
    if (!ENDED_AN_ASSOCIATION.has(failure.code)) this.#down = failure
    // What was never tried is not an open question: it is simply unsent.
    else if (this.#failuresInARow >= MAX_FAILURES_IN_A_ROW)
      this.#down = new DimseError('association-closed', 'the peer failed several times in a row', failure)
  }
}

function contextKey(instance: OutgoingInstance): string {
  return `${instance.sopClassUid} ${instance.transferSyntaxUid}`
}
