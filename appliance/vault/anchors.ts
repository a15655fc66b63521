import { type AuditLog, decodeEvent } from '@leadglass/sync-agent/audit-log'
import type { AuditSink } from '../egress/index.ts'
import type { Records } from '../records/index.ts'
import { checkChain } from './vault.ts'

const EVERY_MS = 600_000
const EVENT = 'vault.anchored'
const CODE = /^entries-([1-9]\d{0,14})$/

export interface VaultAnchorsDependencies {
  readonly records: Pick<Records, 'vault'>
  readonly audit: AuditSink
}

/**
 * States the head of the vault's chain in the audit log from time to time, so that an end that was cut off shows: the log
 * is witnessed by the hub. A leaf tells how many entries there are and a hash, nothing of whom they are about.
 */
export class VaultAnchors {
  readonly #dependencies: VaultAnchorsDependencies
  #timer: NodeJS.Timeout | undefined
  #anchored: number | undefined

  constructor(dependencies: VaultAnchorsDependencies) {
    this.#dependencies = dependencies
  }

  async start(): Promise<void> {
    this.anchor()
    this.#timer = setInterval(() => this.anchor(), EVERY_MS)
    this.#timer.unref()
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer)
    this.anchor()
  }

  /** Writes a leaf when the chain has grown since the last one of this process. */
  anchor(): void {
    const { records, audit } = this.#dependencies
    const last = records.vault.last()
    if (last === undefined || last.number === this.#anchored) return
    audit.recordNow({
      event: EVENT,
      actor: { kind: 'system', id: 'vault' },
      subject: { kind: 'key', id: Buffer.from(last.hash).toString('hex') },
      outcome: 'success',
      codes: [`entries-${last.number}`],
    })
    this.#anchored = last.number
  }
}

/** What is wrong with the vault; `sound` when its chain follows from the first entry to every anchor in the log. */
export type VaultVerdict =
  | { readonly kind: 'sound'; readonly entries: number; readonly anchors: number }
  | { readonly kind: 'broken'; readonly at: number }
  | { readonly kind: 'shortened'; readonly entries: number; readonly anchored: number }
  | { readonly kind: 'replaced'; readonly at: number }

/** Compares the vault with what the audit log says of it. Reads both from end to end. */
export function verifyVault(records: Pick<Records, 'vault'>, log: Pick<AuditLog, 'leaves'>): VaultVerdict {
  const anchors = new Map<number, Set<string>>()
  for (const leaf of log.leaves()) {
    if (!Buffer.from(leaf).includes(EVENT)) continue
    const event = decodeEvent(leaf)
    const number = Number(CODE.exec(event?.codes[0] ?? '')?.[1])
    if (event?.event !== EVENT || event.subject === null || !Number.isInteger(number)) continue
    anchors.set(number, (anchors.get(number) ?? new Set()).add(event.subject.id))
  }
  const { entries, brokenAt, hashes } = checkChain(records, new Set(anchors.keys()))
  if (brokenAt !== null) return { kind: 'broken', at: brokenAt }
  for (const [number, stated] of anchors) {
    const hash = hashes.get(number)
    if (hash === undefined) return { kind: 'shortened', entries, anchored: Math.max(...anchors.keys()) }
    if (stated.size > 1 || !stated.has(hash)) return { kind: 'replaced', at: number }
  }
  return { kind: 'sound', entries, anchors: anchors.size }
}
