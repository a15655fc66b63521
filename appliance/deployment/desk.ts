import type { Clock } from '@leadglass/sync-agent/foundation'
import type { ModelLibrary } from '../activation/index.ts'
import type { AuditSink } from '../egress/index.ts'
import type { CandidateRole, CandidateRow, ModelRow, Records } from '../records/index.ts'
import type { Actor, DeploymentCounter } from './counter.ts'
import { DeploymentError } from './errors.ts'
import type { Guardrails } from './guardrails.ts'
import type { InForce } from './in-force.ts'
import { resize, type SlotRange } from './slots.ts'

/** A version beside the one in use, as a person asks for it. */
export interface StartRequest {
  readonly name: string
  readonly version: string
  readonly role: CandidateRole
  /** 0 for the shadow, 1 to 1000 for the others. */
  readonly permille: number
  readonly guardrails: Guardrails
}

export interface DeskDependencies {
  readonly records: Pick<Records, 'deployments' | 'models' | 'transaction'>
  readonly library: Pick<ModelLibrary, 'activate' | 'read'>
  readonly inForce: Pick<InForce, 'hold'>
  readonly counter: DeploymentCounter
  readonly audit: Pick<AuditSink, 'record'>
  readonly clock: Clock
}

/** Where people decide what runs beside the version in use, and which version that is. */
export class DeploymentDesk {
  readonly #dependencies: DeskDependencies

  constructor(dependencies: DeskDependencies) {
    this.#dependencies = dependencies
  }

  /** Sets a version beside the one in use. @throws {DeploymentError} */
  async start(request: StartRequest, actor: Actor): Promise<void> {
    const { records, inForce, counter } = this.#dependencies
    const { name, version, role, permille, guardrails } = request
    const row = this.#approved(name, version)
    if (role === 'shadow' ? permille !== 0 : permille < 1) throw new DeploymentError('share-not-apt')
    // Every byte is hashed before anything is promised.
    if ((await inForce.hold(row.digest)) === undefined) throw new DeploymentError('package-damaged')
    records.transaction(() => {
      const { champion, running } = this.#around(this.#approved(name, version))
      const taken = running.flatMap(slotsOf)
      const slots = resize([], taken, permille)
      if (slots === undefined) throw new DeploymentError('share-taken')
      const texts = { slots: JSON.stringify(slots), guardrails: JSON.stringify(guardrails) }
      const candidate = { name, version, digest: row.digest, championDigest: champion.digest, role, ...texts }
      records.deployments.insertCandidate(candidate, actor.id, this.#dependencies.clock.now())
      counter.note(name, 'started', actor)
      this.#tell('deployment.started', row, actor, [role, `permille-${permille}`])
    })
  }

  /** Changes the share of a canary or an arm. @throws {DeploymentError} */
  share(name: string, version: string, permille: number, actor: Actor): void {
    const { records, counter } = this.#dependencies
    records.transaction(() => {
      const candidate = this.#running(name, version)
      if (candidate.role === 'shadow' || permille < 1) throw new DeploymentError('share-not-apt')
      const others = records.deployments.running(name).filter((one) => one.candidateId !== candidate.candidateId)
      const slots = resize(slotsOf(candidate), others.flatMap(slotsOf), permille)
      if (slots === undefined) throw new DeploymentError('share-taken')
      records.deployments.setSlots(candidate.candidateId, JSON.stringify(slots))
      counter.note(name, 'share', actor)
      this.#tell('deployment.changed', candidate, actor, [`permille-${permille}`])
    })
  }

  /** Ends a version that runs, or settles the alarm of one that was stopped. @throws {DeploymentError} */
  end(name: string, version: string, actor: Actor): void {
    const { records, counter } = this.#dependencies
    records.transaction(() => {
      const open = this.#open().filter((one) => one.name === name && one.version === version)
      if (open.length === 0) throw new DeploymentError('version-not-running')
      for (const one of open) {
        const reason = one.state === 'stopped' ? (one.reason ?? 'stopped') : 'by-person'
        counter.stop(one, 'ended', reason, ['by-person'], actor)
      }
    })
  }

  /**
   * Makes an approved version the one in use: by a person, never by itself. What ran beside the old one ends, since it was
   * compared with that. @throws {DeploymentError}
   */
  async promote(name: string, version: string, actor: Actor): Promise<void> {
    const { records, library, counter } = this.#dependencies
    const row = this.#approved(name, version)
    if (row.state === 'active') throw new DeploymentError('version-in-use')
    const read = await library.read(row.digest)
    if (read.kind === 'unusable') throw new DeploymentError('package-damaged')
    records.transaction(() => {
      const current = this.#approved(name, version)
      for (const one of records.deployments.running(name)) {
        const isThis = one.digest === current.digest
        counter.stop(
          one,
          isThis ? 'promoted' : 'ended',
          isThis ? 'promoted' : 'another-version-in-use',
          ['by-person'],
          actor,
        )
      }
      library.activate(current, read.package, 'model.activated', actor.kind === 'person' ? actor.id : null)
      counter.note(name, 'promoted', actor)
      this.#tell('deployment.promoted', current, actor, [`release-${current.releaseCounter}`])
    })
  }

  /** Says whether a version that arrives is put to use by itself. */
  newVersions(name: string, how: 'activate' | 'stage', actor: Actor): void {
    const { records } = this.#dependencies
    records.transaction(() => {
      const row = records.models.all().find((one) => one.name === name)
      if (row === undefined) throw new DeploymentError('version-unknown')
      records.deployments.setNewVersions(name, how)
      this.#tell('deployment.changed', row, actor, [`new-versions-${how}`])
    })
  }

  #approved(name: string, version: string): ModelRow {
    const { records } = this.#dependencies
    const known = records.models.all().filter((one) => one.name === name && one.version === version)
    if (known.length === 0) throw new DeploymentError('version-unknown')
    const row = known.find(({ digest }) => records.deployments.isAdmitted(digest))
    if (row === undefined) throw new DeploymentError('version-not-approved')
    return row
  }

  #around(row: ModelRow): { readonly champion: ModelRow; readonly running: readonly CandidateRow[] } {
    const { records } = this.#dependencies
    if (row.state === 'active') throw new DeploymentError('version-in-use')
    const champion = records.models.active().find((one) => one.name === row.name)
    if (champion === undefined) throw new DeploymentError('no-version-in-use')
    const running = records.deployments.running(row.name)
    if (running.some(({ digest }) => digest === row.digest)) throw new DeploymentError('version-running')
    return { champion, running }
  }

  #running(name: string, version: string): CandidateRow {
    const found = this.#dependencies.records.deployments.running(name).find((one) => one.version === version)
    if (found === undefined) throw new DeploymentError('version-not-running')
    return found
  }

  #open(): readonly CandidateRow[] {
    return this.#dependencies.records.deployments.open()
  }

  #tell(
    event: 'deployment.started' | 'deployment.changed' | 'deployment.promoted',
    { name, version }: { readonly name: string; readonly version: string },
    actor: Actor,
    codes: readonly string[],
  ): void {
    const subject = { kind: 'model', id: `${name}@${version}` } as const
    this.#dependencies.audit.record({ event, actor, subject, outcome: 'success', codes })
  }
}

function slotsOf({ slots }: CandidateRow): readonly SlotRange[] {
  return JSON.parse(slots) as SlotRange[]
}
