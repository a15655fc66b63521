import type { Logger } from '@leadglass/sync-agent/foundation'
import type { Arrival, Records, Registration } from '../records/index.ts'
import { type Naming, readHeader } from './header.ts'
import { releaseMemory } from './incoming-instance.ts'
import type { LandedInstance } from './landed-instance.ts'
import type { Spool } from './spool.ts'
import type { FileKeys } from './study-keys.ts'

/** What follows from a registration: `within` in the same transaction, `after` once the commit is on disk. */
export interface JournalHooks {
  within(arrival: Arrival, registration: Registration): void
  after(arrival: Arrival, registration: Registration): void
}

export interface JournalDependencies {
  readonly records: Pick<Records, 'intake' | 'transaction'>
  readonly spool: Pick<Spool, 'settle' | 'beginningOf'>
  readonly keys: FileKeys
  readonly naming: Naming
  readonly hooks: JournalHooks
  readonly logger: Logger
}

interface Waiting {
  readonly instance: LandedInstance
  /** First bytes of the data set; without them they are read from the spool. */
  readonly head: Buffer | undefined
  /** Read from the data set when it is its turn, and kept for the next try. */
  arrival?: Arrival
}

/** When nothing came for so long, what waits is registered. */
const QUIET_MS = 40
/** While more comes: a commit holds this thread for as long as the disk takes, so there are few. */
const LATEST_MS = 400
/** So many are registered at once. */
const BATCH = 256
const RETRY_MS = 1000
/** The Study Instance UID of an honest data set is in its first kilobytes; further than this it is not looked for. */
const SEARCH_BYTES = 8_388_608
/** Where it usually is. */
const HEAD_BYTES = 16_384

/**
 * Registers landed instances, many with one commit. They are durable before they come here, so nobody waits for the
 * commit; a start registers again what the log still holds.
 */
export class Journal {
  readonly #dependencies: JournalDependencies
  #waiting: Waiting[] = []
  #timer: NodeJS.Timeout | undefined
  #waitingSince = 0
  /** Instances that came again, by association, until it ends. */
  readonly #duplicates = new Map<string, number>()
  #failing = false

  constructor(dependencies: JournalDependencies) {
    this.#dependencies = dependencies
  }

  /** True while the record takes nothing: what lands now would only wait. */
  get failing(): boolean {
    return this.#failing
  }

  /** Takes a landed instance. @param head the first bytes of its data set, `undefined` to read them from the spool. */
  add(instance: LandedInstance, head?: Buffer): void {
    this.#waiting.push({ instance, head })
    if (this.#waiting.length >= BATCH && !this.#failing) this.flush()
    else if (!this.#failing) this.#later()
  }

  #later(): void {
    const now = performance.now()
    if (this.#timer === undefined) this.#waitingSince = now
    clearTimeout(this.#timer)
    const left = LATEST_MS - (now - this.#waitingSince)
    this.#timer = setTimeout(() => this.flush(), Math.max(0, Math.min(QUIET_MS, left)))
  }

  /** Registers all that wait, now. Never throws: what cannot be registered is tried again. */
  flush(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    const batch = this.#waiting
    this.#waiting = []
    if (batch.length === 0) return
    try {
      this.#settle(batch)
      this.#failing = false
    } catch {
      this.#oneByOne(batch)
    }
  }

  /** Takes no more time of its own. What still waits is in the log. */
  stop(): void {
    this.flush()
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  /** One arrival that cannot be registered must not keep the others out: it is set aside, and if even that fails, waits. */
  #oneByOne(batch: readonly Waiting[]): void {
    const { logger } = this.#dependencies
    const left: Waiting[] = []
    for (const one of batch) {
      try {
        const aside: Arrival = { ...this.#arrivalOf(one), header: { kind: 'unusable', reason: 'not-registrable' } }
        if (this.#failing || left.length > 0 || !this.#settles(one)) this.#settle([{ ...one, arrival: aside }])
      } catch (cause) {
        if (left.length === 0) logger.error('intake.journal-failed', { code: codeOf(cause) })
        left.push(one)
      }
    }
    this.#failing = left.length > 0
    if (left.length === 0) return
    this.#waiting = [...left, ...this.#waiting]
    this.#timer = setTimeout(() => this.flush(), RETRY_MS)
  }

  #settles(one: Waiting): boolean {
    try {
      this.#settle([one])
      return true
    } catch {
      return false
    }
  }

  #settle(batch: readonly Waiting[]): void {
    const { records, spool, hooks, keys } = this.#dependencies
    const arrivals = batch.map((one) => this.#arrivalOf(one))
    const done = records.transaction(() =>
      batch.map(({ instance }, index) => {
        const arrival = arrivals[index]
        if (arrival === undefined) throw new TypeError('an arrival is missing')
        const registration = records.intake.register(arrival)
        hooks.within(arrival, registration)
        const { fileKey, digest } = instance
        if (fileKey === null) return { registration, wrapped: null }
        const studyId = registration.kind === 'added' ? registration.studyId : records.intake.studyOfDigest(digest)
        return { registration, wrapped: keys.wrap(studyId, Buffer.from(fileKey, 'base64')) }
      }),
    )
    batch.forEach(({ instance, head }, index) => {
      const [one, arrival] = [done[index], arrivals[index]]
      if (one === undefined || arrival === undefined) return
      if (head !== undefined) releaseMemory(new Uint8Array(head.buffer))
      spool.settle(instance, one.wrapped, one.registration.kind === 'duplicate')
      if (one.registration.kind === 'duplicate') {
        const { associationId } = instance
        this.#duplicates.set(associationId, (this.#duplicates.get(associationId) ?? 0) + 1)
      }
      hooks.after(arrival, one.registration)
    })
  }

  /** How many instances came again over an association that has ended; told once. */
  takeDuplicates(associationId: string): number {
    const count = this.#duplicates.get(associationId) ?? 0
    this.#duplicates.delete(associationId)
    return count
  }

  #arrivalOf(one: Waiting): Arrival {
    one.arrival ??= this.#read(one)
    return one.arrival
  }

  #read({ instance, head }: Waiting): Arrival {
    const { naming, spool } = this.#dependencies
    const { sopInstanceUid, transferSyntaxUid, bytes, metaBytes } = instance
    const about = { sopInstanceUid, transferSyntaxUid }
    const first = head ?? spool.beginningOf(instance, metaBytes + HEAD_BYTES).subarray(metaBytes)
    let header = readHeader(first, { ...about, whole: first.length >= bytes }, naming)
    if (header.kind === 'more') {
      const more = spool.beginningOf(instance, metaBytes + SEARCH_BYTES).subarray(metaBytes)
      header = readHeader(more, { ...about, whole: true }, naming)
    }
    return {
      sopInstanceUid,
      digest: instance.digest,
      sopClassUid: instance.sopClassUid,
      transferSyntaxUid,
      bytes,
      callingAeTitle: instance.callingAeTitle,
      remoteAddress: instance.remoteAddress,
      associationId: instance.associationId,
      receivedAt: instance.receivedAt,
      header: header.kind === 'more' ? { kind: 'unusable', reason: 'unreadable' } : header,
    }
  }
}

function codeOf(cause: unknown): string {
  const code = (cause as { code?: unknown } | null)?.code
  return typeof code === 'string' ? code : 'unknown'
}
