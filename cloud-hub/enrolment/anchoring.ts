import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseVerifierKey } from '@leadglass/sync-agent/audit-log'
import { type Anchors, type ApprovalPolicy, anchorsRequest, type DesiredKey } from '@leadglass/sync-agent/contract'
import { type Clock, toIsoInstant } from '@leadglass/sync-agent/foundation'
import type Database from 'better-sqlite3'
import type { HubAudit } from '../audit/index.ts'
import { EnrolmentError } from '../ingest/index.ts'

const ANCHOR = `INSERT INTO device_anchor (device, desired_key, has_root, anchored_at) VALUES (?, ?, ?, ?)
  ON CONFLICT (device) DO UPDATE SET desired_key = excluded.desired_key, has_root = excluded.has_root,
    anchored_at = excluded.anchored_at`

/** What giving anchors works with. */
export interface AnchoringParts {
  readonly database: Database.Database
  readonly audit: HubAudit
  readonly clock: Clock
  /** Verifier keys of the hub's log and of the hub as a witness. */
  readonly hubKeys: readonly string[]
  readonly desiredKey: () => DesiredKey
  /** Null before the key ceremony. */
  readonly policy: ApprovalPolicy | null
  /** The folder of the TUF repository. */
  readonly repository: string
  /** The device reads signed documents from now on. */
  readonly onAnchored: (device: string) => void
}

/** Gives a device that has shown its certificate what it pins: root, policy, and the keys of this hub. */
export class Anchoring {
  readonly #parts: AnchoringParts

  constructor(parts: AnchoringParts) {
    this.#parts = parts
  }

  /** What every box pins now. */
  async anchors(): Promise<Anchors> {
    const { hubKeys, desiredKey, policy, repository } = this.#parts
    const root =
      policy === null ? undefined : await readFile(join(repository, 'metadata', '1.root.json')).catch(() => undefined)
    return {
      hubKeys: [...hubKeys],
      desiredKey: desiredKey(),
      updates: root === undefined || policy === null ? null : { initialRoot: root.toString('base64'), policy },
    }
  }

  /** @throws {EnrolmentError} `device-mismatch` for a witness key of another name. */
  async answer(device: string, body: unknown): Promise<unknown> {
    const { database, audit, clock, onAnchored } = this.#parts
    const { witnessKey } = anchorsRequest.parse(body)
    if (witnessKey !== null && parseVerifierKey(witnessKey)?.name !== `leadglass/${device}/witness`)
      throw new EnrolmentError('device-mismatch', 'permanent', {
        message: 'the witness key is another device’s',
        effect: 'nothing was pinned',
        nextStep: 'enrol the box under its own name',
      })
    const anchors = await this.anchors()
    if (witnessKey !== null) audit.cosignatures.pin(device, witnessKey)
    const hasRoot = anchors.updates === null ? 0 : 1
    database.prepare(ANCHOR).run(device, anchors.desiredKey.number, hasRoot, toIsoInstant(clock.now()))
    audit.record({
      event: 'device.anchored',
      actor: { kind: 'device', id: device },
      subject: { kind: 'device', id: device },
      outcome: 'success',
      codes: [`desired-key-${anchors.desiredKey.number}`, ...(hasRoot === 1 ? ['root'] : [])],
    })
    onAnchored(device)
    return { schema: 'leadglass.anchors-answer/1', anchors }
  }
}
