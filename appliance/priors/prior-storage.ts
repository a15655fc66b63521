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
import { DataSetError, parseDataSet, text, uid } from '../imaging/dataset/index.ts'
import type { PriorInstanceRow } from '../records/index.ts'
import type { IncomingPrior, PriorVault } from './vault.ts'

/** PS3.4 table B.2-1. */
const OUT_OF_RESOURCES = 0xa700
const CANNOT_UNDERSTAND = 0xc000

/** Bytes of a data set that are kept in memory to see whose it is. */
const HEAD_BYTES = 1_048_576

const STUDY_INSTANCE_UID = 0x0020000d
const PATIENT_ID = 0x00100020

/** What one retrieval may bring. */
export interface PriorExpectation {
  readonly studyInstanceUid: string
  readonly patientId: string
  readonly maximumInstances: number
  readonly maximumBytes: number
}

export interface PriorStorageParts {
  readonly vault: Pick<PriorVault, 'begin' | 'keep'>
  readonly expectation: PriorExpectation
  /** Preamble, prefix and group 0002 for an instance (PS3.10 7.1). */
  readonly encodeFileMeta: (facts: InstanceFacts) => Uint8Array
  /** Enters an instance whose file is on disk. */
  readonly enter: (instance: PriorInstanceRow) => void
}

/**
 * Takes the instances of one prior: kept, and never a study of the worklist. What does not belong to the study and
 * patient that were asked for, and what is beyond the bounds, is refused.
 */
export class PriorStorage implements StorageService {
  readonly #parts: PriorStorageParts
  #instances = 0
  #bytes = 0
  #refused = 0

  constructor(parts: PriorStorageParts) {
    this.#parts = parts
  }

  get counts(): { readonly instances: number; readonly bytes: number; readonly refused: number } {
    return { instances: this.#instances, bytes: this.#bytes, refused: this.#refused }
  }

  async begin(facts: InstanceFacts): Promise<InstanceSink | StoreRefusal> {
    const { vault, expectation, encodeFileMeta, enter } = this.#parts
    if (this.#instances >= expectation.maximumInstances)
      return this.#refuse(OUT_OF_RESOURCES, 'more than was asked for')
    const file = await vault.begin()
    const meta = encodeFileMeta(facts)
    await file.write(meta)
    return new PriorSink(file, facts.transferSyntaxUid, {
      room: () => expectation.maximumBytes - this.#bytes,
      expectation,
      refuse: (status, comment) => this.#refuse(status, comment),
      keep: async (bytes) => {
        const digest = await vault.keep(file)
        const { sopInstanceUid, sopClassUid, transferSyntaxUid } = facts
        enter({ sopInstanceUid, sopClassUid, transferSyntaxUid, digest, bytes })
        this.#instances += 1
        this.#bytes += bytes
      },
    })
  }

  associationAccepted(_facts: AssociationFacts): void {}

  associationRejected(_facts: AssociationFacts, _why: RejectionCause | 'protocol'): void {}

  associationEnded(_facts: AssociationFacts, _how: AssociationEnd): void {}

  #refuse(status: number, comment: string): StoreRefusal {
    this.#refused += 1
    return { kind: 'refused', status, comment }
  }
}

interface SinkParts {
  /** Bytes that may still come. */
  readonly room: () => number
  readonly expectation: PriorExpectation
  readonly refuse: (status: number, comment: string) => StoreRefusal
  readonly keep: (bytes: number) => Promise<void>
}

class PriorSink implements InstanceSink {
  readonly #file: IncomingPrior
  readonly #transferSyntaxUid: string
  readonly #parts: SinkParts
  readonly #head: Uint8Array[] = []
  #bytes = 0

  constructor(file: IncomingPrior, transferSyntaxUid: string, parts: SinkParts) {
    this.#file = file
    this.#transferSyntaxUid = transferSyntaxUid
    this.#parts = parts
  }

  readonly borrowsFragments = true

  write(fragment: Uint8Array): undefined | Promise<void> {
    const before = this.#bytes
    this.#bytes += fragment.length
    if (before < HEAD_BYTES) this.#head.push(Buffer.from(fragment.subarray(0, HEAD_BYTES - before)))
    // What is beyond the bound is read from the network and dropped, so that the peer gets its answer.
    return this.#bytes > this.#parts.room() ? undefined : this.#file.write(fragment)
  }

  async commit(): Promise<StoreOutcome> {
    const { room, refuse, keep } = this.#parts
    if (this.#bytes > room()) {
      await this.#file.discard()
      return refuse(OUT_OF_RESOURCES, 'more bytes than were asked for')
    }
    if (!this.#belongs()) {
      await this.#file.discard()
      return refuse(CANNOT_UNDERSTAND, 'not of the study that was asked for')
    }
    await keep(this.#bytes)
    return { kind: 'stored' }
  }

  async discard(): Promise<void> {
    await this.#file.discard()
  }

  /** An archive is not trusted to send what was asked for: study and patient must be the very same. */
  #belongs(): boolean {
    const { studyInstanceUid, patientId } = this.#parts.expectation
    try {
      const { dataSet } = parseDataSet(Buffer.concat(this.#head), this.#transferSyntaxUid)
      return uid(dataSet, STUDY_INSTANCE_UID) === studyInstanceUid && (text(dataSet, PATIENT_ID) ?? '') === patientId
    } catch (cause) {
      if (cause instanceof DataSetError) return false
      throw cause
    }
  }
}

/**
 * Leads the sub-operations of our own C-MOVE to where they belong, and everything else to `inner`. C-STORE sub-operations
 * name the title that asked for the move (PS3.7 9.3.1.1, Move Originator Application Entity Title).
 */
export class MoveRouter implements StorageService {
  readonly #inner: StorageService
  readonly #aeTitle: string
  #moving: StorageService | undefined

  constructor(inner: StorageService, aeTitle: string) {
    this.#inner = inner
    this.#aeTitle = aeTitle.trim()
  }

  /** Takes sub-operations into `storage` while `work` runs. Moves must not overlap. */
  async during<T>(storage: StorageService, work: () => Promise<T>): Promise<T> {
    if (this.#moving !== undefined) throw new Error('another move is under way')
    this.#moving = storage
    try {
      return await work()
    } finally {
      this.#moving = undefined
    }
  }

  begin(facts: InstanceFacts): InstanceSink | StoreRefusal | Promise<InstanceSink | StoreRefusal> {
    const ours = facts.moveOriginator?.aeTitle.trim() === this.#aeTitle
    if (!ours) return this.#inner.begin(facts)
    // What comes of a move that was given up must not become a new study.
    if (this.#moving === undefined)
      return { kind: 'refused', status: OUT_OF_RESOURCES, comment: 'nothing is being fetched here now' }
    return this.#moving.begin(facts)
  }

  associationAccepted(facts: AssociationFacts): void {
    this.#inner.associationAccepted(facts)
  }

  associationRejected(facts: AssociationFacts, why: RejectionCause | 'protocol'): void {
    this.#inner.associationRejected(facts, why)
  }

  associationEnded(facts: AssociationFacts, how: AssociationEnd, counts: { stored: number; refused: number }): void {
    this.#inner.associationEnded(facts, how, counts)
  }
}
