import type { AuditDetail } from '@leadglass/sync-agent/audit-log'
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
import type { IncomingInstance } from './incoming-instance.ts'
import { InstanceDigest } from './instance-digest.ts'
import type { Journal } from './journal.ts'
import type { Spool } from './spool.ts'

/** PS3.4 table B.2-1: refused, out of resources; error, data set does not match SOP class is never used here. */
const OUT_OF_RESOURCES = 0xa700

/** Bytes of a data set that are kept in memory to read its header from. */
const HEAD_BYTES = 16_384

export interface SpoolStorageDependencies {
  readonly spool: Spool
  readonly journal: Journal
  readonly assembler: Pick<Assembler, 'associationEnded'>
  readonly freeSpace: Pick<FreeSpace, 'isLow'>
  readonly settings: CurrentSettings
  readonly audit: AuditSink
  /** Does several changes of the record in one commit. */
  readonly together: (work: () => void) => void
  readonly clock: Clock
  readonly logger: Logger
  /** Preamble, prefix and group 0002 for an instance (PS3.10 7.1). */
  readonly encodeFileMeta: (facts: InstanceFacts) => Uint8Array
}

/**
 * Takes instances from the network into the spool. `stored` is answered only when content and journal record are on disk
 * (the record's row follows). What is wrong with an instance's content is no reason to refuse it: it is kept in
 * quarantine.
 */
export class SpoolStorage implements StorageService {
  readonly #dependencies: SpoolStorageDependencies
  readonly #rejections: EventBrake

  constructor(dependencies: SpoolStorageDependencies) {
    this.#dependencies = dependencies
    this.#rejections = new EventBrake(dependencies.clock)
  }

  begin(facts: InstanceFacts): InstanceSink | StoreRefusal {
    const { freeSpace, spool, journal, encodeFileMeta } = this.#dependencies
    if (freeSpace.isLow()) return refused('out of disk space')
    if (journal.failing) return refused('instances cannot be registered')
    const incoming = spool.begin()
    const meta = encodeFileMeta(facts)
    void incoming.write(meta)
    return new SpoolSink(this.#dependencies, facts, incoming, meta.length)
  }

  associationAccepted(facts: AssociationFacts): void {
    this.#dependencies.audit.recordNow(
      {
        event: 'association.accepted',
        actor: { kind: 'system', id: 'dimse' },
        subject: { kind: 'association', id: facts.associationId },
        outcome: 'success',
        codes: [facts.tls ? 'tls' : 'plain'],
      },
      undefined,
      peerDetail(facts),
    )
  }

  associationRejected(facts: AssociationFacts, why: RejectionCause | 'protocol'): void {
    const { audit, logger } = this.#dependencies
    logger.warn('association.rejected', { association: facts.associationId, why })
    const more = this.#rejections.codes()
    if (more === undefined) return
    audit.recordNow(
      {
        event: 'association.rejected',
        actor: { kind: 'system', id: 'dimse' },
        subject: { kind: 'association', id: facts.associationId },
        outcome: 'refused',
        codes: [why, ...more],
      },
      undefined,
      peerDetail(facts),
    )
  }

  associationEnded(
    facts: AssociationFacts,
    how: AssociationEnd,
    counts: { stored: number; refused: number; echoed?: number },
  ): void {
    const { assembler, journal } = this.#dependencies
    // The assembler must know of every instance before it hears that no more will come.
    journal.flush()
    assembler.associationEnded(facts.associationId)
    // One commit for all that an association leaves: it is the disk that costs.
    this.#dependencies.together(() => {
      this.#recordActs(facts, counts)
      this.#recordAct(facts, 'association.ended', how === 'released' ? 'success' : 'failure', [
        how,
        `stored-${counts.stored}`,
        `refused-${counts.refused}`,
      ])
    })
  }

  /** What was done over an association: one leaf for each kind of act with its count, not one for each of 5,000 slices. */
  #recordActs(
    facts: AssociationFacts,
    { stored, refused, echoed = 0 }: Parameters<StorageService['associationEnded']>[2],
  ): void {
    if (echoed > 0) this.#recordAct(facts, 'echo.answered', 'success', [`requests-${echoed}`])
    if (stored > 0) this.#recordAct(facts, 'instance.stored', 'success', [`instances-${stored}`])
    const again = this.#dependencies.journal.takeDuplicates(facts.associationId)
    if (again > 0) this.#recordAct(facts, 'instance.duplicate', 'success', ['identical', `instances-${again}`])
    if (refused > 0) this.#recordAct(facts, 'instance.refused', 'refused', [`instances-${refused}`])
  }

  #recordAct(
    { associationId }: AssociationFacts,
    event: 'echo.answered' | 'instance.stored' | 'instance.duplicate' | 'instance.refused' | 'association.ended',
    outcome: 'success' | 'failure' | 'refused',
    codes: readonly string[],
  ): void {
    const subject = { kind: 'association', id: associationId } as const
    this.#dependencies.audit.recordNow({ event, actor: { kind: 'system', id: 'dimse' }, subject, outcome, codes })
  }
}

/** Who the peer is: the detail to which events about its association commit. */
function peerDetail(facts: AssociationFacts): AuditDetail {
  return {
    callingAeTitle: facts.callingAeTitle,
    calledAeTitle: facts.calledAeTitle,
    remoteAddress: facts.remoteAddress,
    remotePort: facts.remotePort,
    certificateSha256: facts.certificateSha256,
  }
}

/** One instance on its way in. */
class SpoolSink implements InstanceSink {
  readonly #dependencies: SpoolStorageDependencies
  readonly #facts: InstanceFacts
  readonly #incoming: IncomingInstance
  readonly #metaBytes: number
  readonly #digest: InstanceDigest
  readonly #head = Buffer.allocUnsafeSlow(HEAD_BYTES)
  #headBytes = 0
  #bytes = 0
  #tooLarge = false

  constructor(
    dependencies: SpoolStorageDependencies,
    facts: InstanceFacts,
    incoming: IncomingInstance,
    metaBytes: number,
  ) {
    this.#dependencies = dependencies
    this.#facts = facts
    this.#incoming = incoming
    this.#metaBytes = metaBytes
    this.#digest = new InstanceDigest(facts)
  }

  /** Fragments are hashed, encrypted and, as far as they belong to the head, copied when `write` returns. */
  readonly borrowsFragments = true

  write(fragment: Uint8Array): undefined | Promise<void> {
    this.#bytes += fragment.length
    if (this.#bytes > this.#dependencies.settings().limits.maximumInstanceBytes) this.#tooLarge = true
    // What is beyond the limit is read from the network and dropped, so that the sender gets its answer.
    if (this.#tooLarge) return undefined
    this.#digest.update(fragment)
    if (this.#headBytes < HEAD_BYTES) {
      const piece = fragment.subarray(0, HEAD_BYTES - this.#headBytes)
      this.#head.set(piece, this.#headBytes)
      this.#headBytes += piece.length
    }
    return this.#incoming.write(fragment)
  }

  async commit(): Promise<StoreOutcome> {
    if (this.#tooLarge) {
      await this.#incoming.discard()
      return refused('instance larger than this device accepts')
    }
    const { spool, journal, logger, clock } = this.#dependencies
    const { sopInstanceUid, sopClassUid, transferSyntaxUid, association } = this.#facts
    try {
      const instance = await spool.land(this.#incoming, {
        digest: this.#digest.hex(),
        bytes: this.#bytes,
        metaBytes: this.#metaBytes,
        sopClassUid,
        sopInstanceUid,
        transferSyntaxUid,
        callingAeTitle: association.callingAeTitle,
        remoteAddress: association.remoteAddress,
        associationId: association.associationId,
        receivedAt: clock.now(),
      })
      // From here on the instance is there, whatever becomes of this process.
      journal.add(instance, this.#head.subarray(0, this.#headBytes))
      return { kind: 'stored' }
    } catch (cause) {
      // ENOSPC, EIO: nothing was promised.
      logger.error('intake.write-failed', { code: codeOf(cause) })
      await this.#incoming.discard()
      return refused('the instance could not be written')
    }
  }

  async discard(): Promise<void> {
    await this.#incoming.discard()
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
