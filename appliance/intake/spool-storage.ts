import { createHash } from 'node:crypto'
import type { Clock, Logger } from '@leadglass/sync-agent/foundation'
import type {
  AssociationEnd,
  AssociationFacts,
  InstanceFacts,
  InstanceSink,
  RejectionCause,
  StorageService,
  StoreOutcome,
  StoreRefusal,
} from '../dimse/index.ts'
import { type AuditSink, EventBrake } from '../egress/index.ts'
import type { Arrival, Registration } from '../records/index.ts'
import type { CurrentSettings } from '../settings.ts'
import type { Assembler } from './assembler.ts'
import type { FreeSpace } from './free-space.ts'
import { type Naming, readHeader } from './header.ts'
import type { IncomingFile } from './incoming-file.ts'
import type { Journal } from './journal.ts'
import type { Spool } from './spool.ts'

/** PS3.4 table B.2-1: refused, out of resources; error, data set does not match SOP class is never used here. */
const OUT_OF_RESOURCES = 0xa700

/** Bytes of a data set that are kept in memory to read its header from. */
const HEAD_BYTES = 65_536

export interface SpoolStorageDependencies {
  readonly spool: Spool
  readonly journal: Journal
  readonly assembler: Pick<Assembler, 'associationEnded'>
  readonly naming: Naming
  readonly freeSpace: Pick<FreeSpace, 'isLow'>
  readonly settings: CurrentSettings
  readonly audit: AuditSink
  readonly clock: Clock
  readonly logger: Logger
  /** Preamble, prefix and group 0002 for an instance (PS3.10 7.1). */
  readonly encodeFileMeta: (facts: InstanceFacts) => Uint8Array
}

/**
 * Takes instances from the network into the spool. `stored` is answered only when the file, its name and its journal
 * row are on disk. What is wrong with an instance's content is no reason to refuse it: it is kept in quarantine.
 */
export class SpoolStorage implements StorageService {
  readonly #dependencies: SpoolStorageDependencies
  readonly #rejections: EventBrake

  constructor(dependencies: SpoolStorageDependencies) {
    this.#dependencies = dependencies
    this.#rejections = new EventBrake(dependencies.clock)
  }

  async begin(facts: InstanceFacts): Promise<InstanceSink | StoreRefusal> {
    const { freeSpace, spool, encodeFileMeta } = this.#dependencies
    if (freeSpace.isLow()) return refused('out of disk space')
    const file = await spool.begin()
    try {
      const meta = encodeFileMeta(facts)
      await file.write(meta)
      return new SpoolSink(this.#dependencies, facts, file, meta.length)
    } catch (cause) {
      await file.discard()
      throw cause
    }
  }

  associationAccepted(): void {
    // Nothing yet: what an association brought is recorded when it ends.
  }

  associationRejected(facts: AssociationFacts, why: RejectionCause | 'protocol'): void {
    const { audit, logger } = this.#dependencies
    logger.warn('association.rejected', { association: facts.associationId, why })
    const more = this.#rejections.codes()
    if (more === undefined) return
    audit.recordNow({
      event: 'association.rejected',
      actor: { kind: 'system', id: 'dimse' },
      subject: { kind: 'association', id: facts.associationId },
      outcome: 'refused',
      codes: [why, ...more],
    })
  }

  associationEnded(facts: AssociationFacts, how: AssociationEnd, counts: { stored: number; refused: number }): void {
    const { audit, assembler } = this.#dependencies
    assembler.associationEnded(facts.associationId)
    if (counts.stored === 0 && counts.refused === 0) return
    audit.recordNow({
      event: 'association.ended',
      actor: { kind: 'system', id: 'dimse' },
      subject: { kind: 'association', id: facts.associationId },
      outcome: how === 'released' ? 'success' : 'failure',
      codes: [how, `stored-${counts.stored}`, `refused-${counts.refused}`],
    })
  }
}

/** One instance on its way in. */
class SpoolSink implements InstanceSink {
  readonly #dependencies: SpoolStorageDependencies
  readonly #facts: InstanceFacts
  readonly #file: IncomingFile
  readonly #metaBytes: number
  readonly #hash = createHash('sha256')
  #head: Uint8Array[] = []
  #headBytes = 0
  #bytes = 0
  #tooLarge = false

  constructor(dependencies: SpoolStorageDependencies, facts: InstanceFacts, file: IncomingFile, metaBytes: number) {
    this.#dependencies = dependencies
    this.#facts = facts
    this.#file = file
    this.#metaBytes = metaBytes
    // The digest names an instance and its content: the same data set under another name is another instance.
    this.#hash.update(`${facts.sopClassUid}\n${facts.sopInstanceUid}\n${facts.transferSyntaxUid}\n`)
  }

  /** Fragments are hashed, encrypted and, as far as they belong to the head, copied when `write` returns. */
  readonly borrowsFragments = true

  write(fragment: Uint8Array): undefined | Promise<void> {
    this.#bytes += fragment.length
    if (this.#bytes > this.#dependencies.settings().limits.maximumInstanceBytes) this.#tooLarge = true
    // What is beyond the limit is read from the network and dropped, so that the sender gets its answer.
    if (this.#tooLarge) return undefined
    this.#hash.update(fragment)
    if (this.#headBytes < HEAD_BYTES) {
      const piece = Buffer.from(fragment.subarray(0, HEAD_BYTES - this.#headBytes))
      this.#head.push(piece)
      this.#headBytes += piece.length
    }
    return this.#file.write(fragment)
  }

  async commit(): Promise<StoreOutcome> {
    if (this.#tooLarge) {
      await this.#file.discard()
      return refused('instance larger than this device accepts')
    }
    const { spool, journal, logger } = this.#dependencies
    const digest = this.#hash.digest('hex')
    try {
      await this.#file.finish()
      await spool.keep(this.#file, digest)
    } catch (cause) {
      // ENOSPC, EIO: nothing is registered, so nothing is half there.
      logger.error('intake.write-failed', { code: codeOf(cause) })
      await this.#file.discard()
      return refused('the instance could not be written')
    }
    try {
      await journal.register(await this.#arrival(digest))
      return { kind: 'stored' }
    } catch (cause) {
      // The file may be another registered instance's too; the next start removes it when it is nobody's.
      logger.error('intake.journal-failed', { code: codeOf(cause) })
      return refused('the instance could not be registered')
    }
  }

  async discard(): Promise<void> {
    await this.#file.discard()
  }

  async #arrival(digest: string): Promise<Arrival> {
    const { naming, clock, spool } = this.#dependencies
    const { sopInstanceUid, sopClassUid, transferSyntaxUid, association } = this.#facts
    const about = { transferSyntaxUid, sopInstanceUid }
    const complete = this.#headBytes === this.#bytes
    let header = readHeader(Buffer.concat(this.#head), { ...about, whole: complete }, naming)
    this.#head = []
    if (header.kind === 'more') {
      const whole = (await spool.read(digest)).subarray(this.#metaBytes)
      header = readHeader(whole, { ...about, whole: true }, naming)
    }
    return {
      sopInstanceUid,
      digest,
      sopClassUid,
      transferSyntaxUid,
      bytes: this.#bytes,
      callingAeTitle: association.callingAeTitle,
      remoteAddress: association.remoteAddress,
      associationId: association.associationId,
      receivedAt: clock.now(),
      header: header.kind === 'more' ? { kind: 'unusable', reason: 'unreadable' } : header,
    }
  }
}

/** What the journal does for intake: events in the transaction, the assembler after it. */
export function journalEffects(
  audit: AuditSink,
  assembler: Pick<Assembler, 'arrived'>,
): {
  within(arrival: Arrival, registration: Registration): void
  after(arrival: Arrival, registration: Registration): void
} {
  const actor = { kind: 'system', id: 'intake' } as const
  return {
    within(arrival, registration) {
      if (registration.kind === 'quarantined') {
        const codes = ['intake', registration.reason]
        audit.record({ event: 'study.quarantined', actor, subject: null, outcome: 'refused', codes })
      }
      if (registration.kind === 'added' && registration.opened && registration.revision > 1) {
        const id = arrival.header.kind === 'read' ? arrival.header.study.studyPseudonym : ''
        const codes = [`revision-${registration.revision}`]
        const subject = { kind: 'study', id } as const
        audit.record({ event: 'study.superseded', actor, subject, outcome: 'success', codes }, registration.studyId)
      }
    },
    after(arrival, registration) {
      if (registration.kind === 'added') assembler.arrived(arrival, registration)
    },
  }
}

function refused(comment: string): StoreRefusal {
  return { kind: 'refused', status: OUT_OF_RESOURCES, comment }
}

function codeOf(cause: unknown): string {
  const code = (cause as { code?: unknown } | null)?.code
  return typeof code === 'string' ? code : 'unknown'
}
