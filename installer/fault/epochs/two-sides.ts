import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  AuditLog,
  createNoteSigner,
  encodeVerifierKey,
  generateSigningKey,
  SqliteLogStore,
  verifierKeyOf,
} from '@leadglass/sync-agent/audit-log'
import { type DeviceId, deviceId, type EnvelopeBody } from '@leadglass/sync-agent/contract'
import {
  type AcknowledgedState,
  exchangePaths,
  mergeAcknowledgement,
  nothingAcknowledged,
  OutboxReader,
  OutboxWriter,
} from '@leadglass/sync-agent/exchange'
import { ManualClock, silentLogger } from '@leadglass/sync-agent/foundation'
import { takeAcknowledgement } from '../../../appliance/egress/acknowledgements.ts'
import {
  AuditTrail,
  EgressDoor,
  EgressQuotas,
  EpochProver,
  EpochRoller,
  Relay,
  ResealDesk,
  SyncErrands,
} from '../../../appliance/egress/index.ts'
import { openRecords, type Records } from '../../../appliance/records/index.ts'
import { type SyncSettings, syncSettings } from '../../../appliance/settings-sync.ts'
import { Inbox, parsePayload } from '../../../cloud-hub/ingest/index.ts'
import { createHubCore, type HubCore } from '../../../cloud-hub/testing/hub-core.ts'

const KEY = new Uint8Array(32).fill(7)

/** What a delivery does. `lose-answer`: the hub commits and the agent never hears of it. */
export type Delivery = 'deliver' | 'lose' | 'lose-answer' | 'twice'

/**
 * An appliance's door with its own database and outbox, and a hub's inbox with its own database, with nothing between but
 * files: what the two decide can be stopped and started at any step.
 */
export class TwoSides {
  readonly device: DeviceId = deviceId.parse('test-box')
  readonly clock: ManualClock
  readonly hub: HubCore
  settings: SyncSettings
  state: AcknowledgedState
  readonly #folder: string
  readonly #key = generateSigningKey()
  #edge: ReturnType<TwoSides['_open']>

  private constructor(folder: string, hub: HubCore) {
    this.#folder = folder
    this.hub = hub
    this.clock = new ManualClock(Date.UTC(2026, 0, 5))
    this.settings = syncSettings.parse({})
    this.state = nothingAcknowledged(new Date(this.clock.now()).toISOString())
    this.#edge = this._open()
  }

  static async make(): Promise<TwoSides> {
    const folder = await mkdtemp(join(tmpdir(), 'two-sides-'))
    const sides = new TwoSides(folder, await createHubCore())
    const vkey = encodeVerifierKey(verifierKeyOf('leadglass/test-box/audit', sides.#key))
    await sides.hub.enrolment.enrol(sides.device)
    sides.hub.database.prepare('UPDATE device SET audit_log_key = ?').run(vkey)
    await sides.#edge.outbox.start()
    return sides
  }

  get records(): Records {
    return this.#edge.records
  }

  get prover(): EpochProver {
    return this.#edge.prover
  }

  get resealDesk(): ResealDesk {
    return this.#edge.resealDesk
  }

  /** What the agent wrote down is gone too. */
  forget(): void {
    this.state = nothingAcknowledged(new Date(this.clock.now()).toISOString())
  }

  get errands(): SyncErrands {
    return this.#edge.errands
  }

  /** Seals bodies, each in a transaction of its own. */
  seal(...bodies: readonly EnvelopeBody[]): void {
    for (const body of bodies) this.records.transaction(() => this.#edge.door.seal(body))
  }

  /** Writes events into the log of the site, whose leaves leave. */
  log(count: number): void {
    for (let i = 0; i < count; i += 1) {
      this.#edge.audit.recordNow({
        event: 'study.listed',
        actor: { kind: 'system', id: 'test' },
        subject: null,
        outcome: 'success',
      })
    }
  }

  /** One pass of the door's errands and of the relay. */
  async pass(): Promise<void> {
    await this.#edge.relay.pass(await this.#edge.errands.pass())
  }

  /** Carries every waiting file once, in the agent's order, and takes the answers into the record. */
  async carry(delivery: Delivery = 'deliver'): Promise<void> {
    const reader = new OutboxReader({ exchangeFolder: this.#folder, device: this.device })
    for (const entries of (await reader.list()).values()) {
      for (const entry of entries) {
        const read = await reader.read(entry)
        if (read.kind !== 'batch' || delivery === 'lose') continue
        const batch = await parsePayload(this.device, read.bytes)
        const results = this.hub.inbox.commit(delivery === 'twice' ? [batch, batch] : [batch])
        if (delivery === 'lose-answer') continue
        for (const result of results) {
          if (result.outcome !== 'committed') throw new Error('the hub turned the device away')
          this.state = mergeAcknowledgement(
            this.state,
            result.acknowledgement,
            new Date(this.clock.now()).toISOString(),
          )
        }
      }
    }
    this.take()
  }

  /** Takes what the hub has said so far. */
  take(): void {
    const { records, log, audit, errands } = this.#edge
    errands.taken(this.state)
    takeAcknowledgement(this.state, { records, log, audit, clock: this.clock, logger: silentLogger })
  }

  /** Passes and carries until nothing moves. */
  async settle(rounds = 12): Promise<void> {
    for (let i = 0; i < rounds; i += 1) {
      await this.pass()
      await this.carry()
    }
  }

  /** Ends the edge as a kill does and opens it again on the same files. */
  restartEdge(): void {
    this.#edge.records.close()
    this.#edge = this._open()
  }

  async dispose(): Promise<void> {
    this.#edge.records.close()
    await this.hub.close()
    await rm(this.#folder, { recursive: true, force: true })
  }

  /** Another inbox on the hub's database, as after a restart. */
  freshInbox(): Inbox {
    return new Inbox(this.hub.database, this.hub.mirror, this.hub.alarms, this.hub.clock)
  }

  _open() {
    const { clock, device } = this
    const origin = 'leadglass/test-box/audit'
    const records = openRecords(join(this.#folder, 'records.db'), KEY)
    const quotas = new EgressQuotas({ records, clock })
    quotas.follow(() => this.settings.quotas)
    const door = new EgressDoor({ records, device, clock, quotas })
    const log = new AuditLog({ origin, store: new SqliteLogStore(records.database, origin), clock })
    const audit = new AuditTrail(log, door, records)
    const outbox = new OutboxWriter({ exchangeFolder: this.#folder, device })
    const relay = new Relay({ records, outbox, logger: silentLogger })
    const signer = createNoteSigner(origin, this.#key)
    const prover = new EpochProver({ records, device, door, audit, signer, clock, logger: silentLogger })
    const epochHours = (): number | null => this.settings.epochHours
    const roller = new EpochRoller({ records, audit, epochHours, clock, logger: silentLogger })
    const policyPath = exchangePaths(this.#folder).policy
    const errands = new SyncErrands({
      records,
      audit,
      roller,
      prover,
      settings: () => this.settings,
      policyPath,
      clock,
    })
    const resealDesk = new ResealDesk({ records, door, roller })
    return { records, door, log, audit, outbox, relay, prover, roller, errands, resealDesk }
  }
}
