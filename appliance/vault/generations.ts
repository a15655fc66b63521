import { readFile } from 'node:fs/promises'
import { type Clock, type Randomness, writeFileAtomically } from '@leadglass/sync-agent/foundation'
import { deriveSiteKeys, type SiteKeys } from '../deidentify/index.ts'
import type { AuditSink } from '../egress/index.ts'
import type { Records } from '../records/index.ts'
import { VaultError } from './errors.ts'

const KEY_BYTES = 32
const SECRET = /^[0-9a-f]{64}$/

/** What pseudonym keys are made of. `siteSecret` is the path of the first generation's secret. */
export interface GenerationParts {
  readonly records: Pick<Records, 'vault' | 'transaction'>
  readonly siteSecret: string
  readonly audit: AuditSink
  readonly clock: Clock
}

/** What opening a generation would mean. */
export interface RotationPlan {
  readonly inForce: number
  readonly next: number
  /** Studies about which nothing more would leave. */
  readonly studies: number
  /** Legal holds on patients, which name them by pseudonyms of the present generation. */
  readonly patientHolds: number
}

/**
 * The keys of the generation in force; one that was opened since the last start comes into force now, before anything is
 * named. People keep their pseudonyms in every generation: their key is the first one's.
 * @param firstSecret the site's secret. @throws when the secret of the generation is missing or damaged.
 */
export async function keysInForce(parts: GenerationParts, firstSecret: Uint8Array): Promise<SiteKeys> {
  const { records, siteSecret, audit, clock } = parts
  const first = deriveSiteKeys(firstSecret)
  const generation = records.vault.openedGeneration() ?? records.vault.generation()
  if (generation === 1) return first
  const text = (await readFile(pathOf(siteSecret, generation), 'utf8')).trim()
  if (!SECRET.test(text)) throw new Error(`${pathOf(siteSecret, generation)} does not hold 32 bytes in hexadecimal`)
  records.transaction(() => {
    if (!records.vault.putInForce(generation, clock.now())) return
    const actor = { kind: 'system', id: 'vault' } as const
    const codes = ['in-force', `generation-${generation}`]
    audit.record({ event: 'pseudonyms.rotated', actor, subject: null, outcome: 'success', codes })
  })
  return { ...deriveSiteKeys(Buffer.from(text, 'hex')), person: first.person }
}

/** Says what a rotation would do. Changes nothing. */
export function planRotation(records: Pick<Records, 'vault' | 'studies'>): RotationPlan {
  const inForce = records.vault.generation()
  const totals = Object.values(records.studies.countsByState())
  return {
    inForce,
    next: inForce + 1,
    studies: totals.reduce((sum, count) => sum + count, 0),
    patientHolds: records.vault.patientHolds(),
  }
}

/**
 * Opens the next generation: a new secret on disk first, then the row that names it. It comes into force with the next
 * start. Two people must have confirmed before this is called.
 * @throws {VaultError} `generation-waiting`, `patient-holds`.
 */
export async function openGeneration(
  parts: GenerationParts & { readonly randomness: Randomness },
  by: { readonly first: string; readonly second: string; readonly reason: string },
): Promise<number> {
  const { records, siteSecret, audit, clock, randomness } = parts
  if (records.vault.openedGeneration() !== undefined) throw new VaultError('generation-waiting')
  if (records.vault.patientHolds() > 0) throw new VaultError('patient-holds')
  const next = records.vault.generation() + 1
  const secret = Buffer.from(randomness.bytes(KEY_BYTES)).toString('hex')
  // Left by a rotation that was cut off here, a file is of no use to anybody and is written over.
  await writeFileAtomically(pathOf(siteSecret, next), `${secret}\n`, 0o600)
  records.transaction(() => {
    records.vault.openGeneration(next, by.first, by.second, by.reason, clock.now())
    audit.record({
      event: 'pseudonyms.rotated',
      actor: { kind: 'person', id: by.first },
      subject: null,
      outcome: 'success',
      codes: ['opened', `generation-${next}`, `with-${by.second}`],
    })
  })
  return next
}

function pathOf(siteSecret: string, generation: number): string {
  return `${siteSecret}.${generation}`
}
