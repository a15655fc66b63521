import type { Clock, Randomness } from '@leadglass/sync-agent/foundation'
import { isPlaceholderId } from '../deidentify/index.ts'
import type { Records, VaultSubject } from '../records/index.ts'
import { FIRST_HASH, hashOfEntry, sealEntry, type VaultContent } from './entry.ts'

export interface VaultDependencies {
  readonly records: Pick<Records, 'vault' | 'transaction'>
  readonly clock: Clock
  readonly randomness: Randomness
}

const PAGE = 500

/** What a walk through the chain found. `brokenAt` is the first entry that does not follow from those before it. */
export interface VaultCheck {
  readonly entries: number
  readonly brokenAt: number | null
  /** Hash of each entry whose number was asked for, hexadecimal. */
  readonly hashes: ReadonlyMap<number, string>
}

/** Writes the way back from pseudonyms. It cannot read what it wrote. */
export class Vault {
  readonly #dependencies: VaultDependencies

  constructor(dependencies: VaultDependencies) {
    this.#dependencies = dependencies
  }

  /**
   * Enters the pseudonyms of a study and of its patient, each once, inside the caller's transaction: the one in which they
   * are used. Does nothing for a purged study, and while nobody holds the key: the start and the enrolment make up for it.
   */
  note(studyId: number): void {
    const { vault } = this.#dependencies.records
    const publicKey = vault.publicKey()
    if (publicKey === undefined) return
    const subject = vault.subject(studyId)
    if (subject === undefined) return
    this.#enter(publicKey, subject.studyPseudonym, studyContent(subject))
    this.#enter(publicKey, subject.patientPseudonym, patientContent(subject))
  }

  /** Enters what no entry has: studies from before the vault had its key. @returns how many studies. */
  catchUp(): number {
    const { records } = this.#dependencies
    if (records.vault.publicKey() === undefined) return 0
    let entered = 0
    for (let after = 0; ; ) {
      const page = records.vault.notEntered(after, PAGE)
      records.transaction(() => {
        for (const { studyId } of page) this.note(studyId)
      })
      const last = page.at(-1)
      if (last === undefined) return entered
      after = last.studyId
      entered += page.length
    }
  }

  #enter(publicKey: Uint8Array, pseudonym: string, content: VaultContent): void {
    const { records, clock, randomness } = this.#dependencies
    if (records.vault.isReadable(pseudonym)) return
    const last = records.vault.last()
    const place = { number: (last?.number ?? 0) + 1, kind: content.kind, pseudonym, enteredAt: clock.now() }
    const salt = randomness.bytes(32)
    const sealed = sealEntry(publicKey, place, content, salt, randomness)
    const hash = hashOfEntry(last?.hash ?? FIRST_HASH, place, sealed)
    records.vault.append({ ...place, sealed, hash }, salt)
  }
}

/** Recomputes the chain from its beginning. @param wanted numbers of entries whose hash is to be given. */
export function checkChain(records: Pick<Records, 'vault'>, wanted: ReadonlySet<number> = new Set()): VaultCheck {
  const hashes = new Map<number, string>()
  let before = FIRST_HASH
  let number = 0
  for (;;) {
    const page = records.vault.entriesAfter(number, PAGE)
    if (page.length === 0) return { entries: number, brokenAt: null, hashes }
    for (const entry of page) {
      const hash = hashOfEntry(before, entry, entry.sealed)
      if (entry.number !== number + 1 || Buffer.compare(hash, entry.hash) !== 0) {
        return { entries: number, brokenAt: number + 1, hashes }
      }
      number = entry.number
      before = entry.hash
      if (wanted.has(number)) hashes.set(number, Buffer.from(hash).toString('hex'))
    }
  }
}

function studyContent({ studyInstanceUid, patientPseudonym }: VaultSubject): VaultContent {
  return { kind: 'study', studyInstanceUid, patient: patientPseudonym }
}

/** Who came without a number of their own is a patient of one study only, and found by it. */
function patientContent({ patientIssuer, patientId, studyInstanceUid }: VaultSubject): VaultContent {
  const onlyStudy = isPlaceholderId(patientId) ? studyInstanceUid : null
  return { kind: 'patient', issuer: patientIssuer, id: patientId, onlyStudy }
}
