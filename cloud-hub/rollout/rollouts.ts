import type { DesiredSections, ModelReference } from '@leadglass/sync-agent/contract'
import type { Clock, Logger, Service } from '@leadglass/sync-agent/foundation'
import type { HubAudit } from '../audit/index.ts'
import type { DesiredBook } from '../fleet/index.ts'
import { RolloutError } from './errors.ts'
import type { RolloutBook, RolloutHistoryRow, RolloutRow } from './rollout-book.ts'
import {
  advance,
  assignedDevices,
  beginRollout,
  command,
  type Rollout,
  type RolloutCommand,
  type RolloutPlan,
  type SiteFacts,
} from './rollout-machine.ts'
import type { SiteFactReader } from './site-facts.ts'

const LOOK_EVERY_MS = 5000
/** Sites that one look assigns at most: a ring of a thousand does not hold the hub up. */
const MOST_AT_ONCE = 200
const ITSELF = 'rollout'

/**
 * Whether devices would take the version. `on-its-way`: submitted for approval. A rollout may begin then, so that sites of later
 * rings are held before the last signature publishes the version; the first ring waits for it.
 */
export type MayRollOut = 'yes' | 'on-its-way' | 'not-published' | 'recalled'

export interface RolloutsDependencies {
  readonly book: RolloutBook
  readonly facts: Pick<SiteFactReader, 'read' | 'inUse'>
  readonly desired: Pick<DesiredBook, 'set' | 'current'>
  /** Devices that are enrolled. */
  readonly enrolled: () => readonly string[]
  readonly mayRollOut: (model: ModelReference) => Promise<MayRollOut>
  readonly tell: (device: string) => void
  readonly audit: Pick<HubAudit, 'record'>
  readonly clock: Clock
  readonly logger: Logger
}

/** A rollout with what the hub knows of its sites. */
export interface RolloutView {
  readonly row: RolloutRow
  readonly sites: readonly (SiteFacts & { readonly ring: number })[]
  readonly history: readonly RolloutHistoryRow[]
}

/**
 * Brings a version to the sites, ring by ring. A ring is assigned through the desired state of each device, which
 * the hub signs and numbers: what may run at all is decided by the approvers' signatures, and where and when by the hub,
 * so neither needs the other's keys and a ring costs nobody a signature.
 */
export class Rollouts implements Service {
  readonly #dependencies: RolloutsDependencies
  #timer: NodeJS.Timeout | undefined

  constructor(dependencies: RolloutsDependencies) {
    this.#dependencies = dependencies
  }

  async start(): Promise<void> {
    this.#timer = setInterval(() => {
      try {
        this.look()
      } catch {
        this.#dependencies.logger.error('rollout.look-failed')
      }
    }, LOOK_EVERY_MS)
    this.#timer.unref()
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer)
  }

  list(): readonly RolloutView[] {
    return this.#dependencies.book.all().map((row) => this.#view(row))
  }

  /** @throws {RolloutError} `rollout-unknown` */
  find(id: number): RolloutView {
    return this.#view(this.#known(id))
  }

  /** Begins a rollout and assigns its first ring. @throws {RolloutError} */
  async begin(model: ModelReference, plan: RolloutPlan, author: string): Promise<RolloutView> {
    const { book, clock, enrolled, mayRollOut } = this.#dependencies
    const named = plan.rings.flat()
    const known = new Set(enrolled())
    const isWhole = plan.rings.every((ring) => ring.length > 0) && new Set(named).size === named.length
    if (named.length === 0 || !isWhole || named.some((device) => !known.has(device))) {
      throw new RolloutError('rollout-no-sites')
    }
    const may = await mayRollOut(model)
    if (may === 'recalled') throw new RolloutError('version-recalled')
    if (may === 'not-published') throw new RolloutError('version-not-published')
    const id = book.together(() => {
      const isOpen = book.all().some((one) => one.model.name === model.name && isUnderWay(one))
      if (isOpen) throw new RolloutError('rollout-open')
      const row = book.insert(model, plan, beginRollout(clock.now()), author, clock.now())
      this.#tell(row, model, author, ['begun'])
      return row
    })
    this.#assign(this.#known(id))
    return this.find(id)
  }

  /** Pauses, resumes or halts. @throws {RolloutError} `rollout-unknown`, `rollout-wrong-state` */
  command(id: number, given: RolloutCommand, author: string): RolloutView {
    const { book, clock } = this.#dependencies
    book.together(() => {
      const row = this.#known(id)
      const next = command(row, given, clock.now())
      if (next === undefined) throw new RolloutError('rollout-wrong-state')
      book.update(row, next, author, given.reason, clock.now())
      this.#tell(id, row.model, author, [next.state])
    })
    return this.find(id)
  }

  /** One look at every rollout that is under way. Assigning again what is assigned changes nothing. */
  look(): void {
    const { book, clock } = this.#dependencies
    for (const row of book.all().filter(isUnderWay)) {
      const next = advance(row.plan, row, this.#facts(row), clock.now())
      if (!isSame(row, next)) {
        book.together(() => {
          book.update(row, next, ITSELF, null, clock.now())
          if (next.state !== row.state || next.ring !== row.ring) {
            this.#tell(row.id, row.model, ITSELF, [next.state, `ring-${next.ring + 1}`])
          }
        })
      }
      if (next.state === 'running') this.#assign({ ...row, ...next })
    }
  }

  /**
   * Sites whose ring has begun get the version. Sites of later rings that were never assigned the model are held at the
   * version that they report, so that they do not take a release by themselves before their turn. Killed between two
   * devices the next look assigns the rest.
   */
  #assign(row: RolloutRow): void {
    const { desired, facts, tell } = this.#dependencies
    const assigned = new Set(assignedDevices(row.plan, row))
    let left = MOST_AT_ONCE
    for (const device of row.plan.rings.flat()) {
      const sections = desired.current(device)?.document.sections ?? {}
      const assignments = sections.assignments ?? []
      const isAssigned = assigned.has(device)
      const present = assignments.find(({ name }) => name === row.model.name)
      if (isAssigned ? present?.digest === row.model.digest : present !== undefined) continue
      const model = isAssigned ? row.model : facts.inUse(device, row.model.name)
      if (model === undefined) continue
      if (left === 0) return
      left -= 1
      const others = assignments.filter(({ name }) => name !== row.model.name)
      const wanted: DesiredSections = { ...sections, assignments: [...others, model] }
      const why = isAssigned ? `Rollout ${row.id}, ring ${row.ring + 1}` : `Rollout ${row.id}, held until its ring`
      desired.set({ scope: 'device', name: device }, wanted, null, ITSELF, why)
      tell(device)
    }
  }

  #facts(row: RolloutRow): readonly SiteFacts[] {
    const assigned = new Set(assignedDevices(row.plan, row))
    const { facts } = this.#dependencies
    return row.plan.rings.flat().map((device) => facts.read(device, row.model, assigned.has(device), row.ringSince))
  }

  #view(row: RolloutRow): RolloutView {
    const ringOf = new Map(row.plan.rings.flatMap((ring, at) => ring.map((device) => [device, at] as const)))
    const sites = this.#facts(row).map((one) => ({ ...one, ring: ringOf.get(one.device) ?? 0 }))
    return { row, sites, history: this.#dependencies.book.history(row.id) }
  }

  #known(id: number): RolloutRow {
    const row = this.#dependencies.book.find(id)
    if (row === undefined) throw new RolloutError('rollout-unknown')
    return row
  }

  #tell(id: number, { name, version }: ModelReference, by: string, codes: readonly string[]): void {
    this.#dependencies.audit.record({
      event: 'setting.changed',
      actor: by === ITSELF ? { kind: 'system', id: 'hub' } : { kind: 'person', id: by },
      subject: { kind: 'model', id: `${name}@${version}` },
      outcome: codes.includes('halted') ? 'failure' : 'success',
      codes: [`rollout-${id}`, ...codes],
    })
  }
}

function isUnderWay({ state }: Pick<Rollout, 'state'>): boolean {
  return state === 'running' || state === 'paused'
}

function isSame(before: Rollout, after: Rollout): boolean {
  return (
    before.state === after.state &&
    before.ring === after.ring &&
    before.settledSince === after.settledSince &&
    before.reason === after.reason
  )
}
