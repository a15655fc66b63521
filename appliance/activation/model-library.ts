import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type ModelPackage, PackageError, readPackage } from '@leadglass/models'
import type { Clock, Logger } from '@leadglass/sync-agent/foundation'
import type { AuditSink } from '../egress/index.ts'
import type { HaltReason, ModelRow, Records } from '../records/index.ts'
import { ActivationError } from './errors.ts'

export interface ModelLibraryDependencies {
  readonly records: Pick<Records, 'models' | 'deployments' | 'activations' | 'halts' | 'transaction'>
  /** `models/`: one folder a package, named by its digest. */
  readonly modelsFolder: string
  readonly audit: AuditSink
  readonly clock: Clock
  readonly logger: Logger
  /** Told when the set of models in use changes. */
  readonly onChange: () => void
}

export interface HaltedModel {
  readonly package: ModelPackage
  readonly reason: HaltReason
}

/** Of a version that was verified here and is not in use. */
export const WAITS_FOR_PERSON = 'Verified here; a person decides when it is used.'

/** The models in use. A package is in use only after every byte of it has been hashed by this very process. */
export class ModelLibrary {
  readonly #dependencies: ModelLibraryDependencies
  readonly #active = new Map<string, ModelPackage>()
  readonly #offered = new Map<string, ModelPackage['manifest'] | undefined>()

  constructor(dependencies: ModelLibraryDependencies) {
    this.#dependencies = dependencies
  }

  /** Hashes the active packages again. One that is damaged is not used, and is fetched again from the update kit. */
  async start(): Promise<void> {
    for (const row of this.#dependencies.records.models.active()) {
      const read = await this.read(row.digest)
      if (read.kind === 'package') this.#active.set(row.name, read.package)
      else await this.#putAside(row, read.message)
    }
  }

  /** The packages in use, by name; none that is recalled or stopped. Asked anew for each study. */
  active(): readonly ModelPackage[] {
    return [...this.#active.values()].filter((one) => this.#haltOf(one) === undefined)
  }

  /** Packages that would be in use and may not run now, and why. */
  halted(): readonly HaltedModel[] {
    return [...this.#active.values()].flatMap((one) => {
      const reason = this.#haltOf(one)
      return reason === undefined ? [] : [{ package: one, reason }]
    })
  }

  /** Keeps what a version says of itself while it waits for the hospital's approval; its package is not here yet. */
  offer(digest: string, manifest: ModelPackage['manifest'] | undefined): void {
    this.#offered.set(digest, manifest)
  }

  /** The version waits no longer. */
  endOffer(digest: string): void {
    this.#offered.delete(digest)
  }

  /** Undefined unless the version waits for the hospital; `manifest` is undefined where it cannot be read. */
  offered(digest: string): { readonly manifest: ModelPackage['manifest'] | undefined } | undefined {
    return this.#offered.has(digest) ? { manifest: this.#offered.get(digest) } : undefined
  }

  #haltOf({ model }: ModelPackage): HaltReason | undefined {
    return this.#dependencies.records.halts.haltOf(model)
  }

  /** Where the package with this digest lies. */
  folderOf(digest: string): string {
    return join(this.#dependencies.modelsFolder, digest)
  }

  /** Reads and hashes a package of the models folder. */
  async read(
    digest: string,
  ): Promise<
    | { readonly kind: 'package'; readonly package: ModelPackage }
    | { readonly kind: 'unusable'; readonly message: string }
  > {
    try {
      const found = await readPackage(this.folderOf(digest))
      if (found.digest === digest) return { kind: 'package', package: found }
      return { kind: 'unusable', message: 'the package on disk is not the one that was approved' }
    } catch (cause) {
      if (!(cause instanceof PackageError)) throw cause
      return { kind: 'unusable', message: cause.message }
    }
  }

  /**
   * Whether a version of this model waits for a person: so the site decided, or another is compared with the one in use,
   * which must not change under it.
   */
  waitsForPerson(name: string): boolean {
    const { deployments } = this.#dependencies.records
    return deployments.newVersions(name) === 'stage' || deployments.running(name).length > 0
  }

  /** Keeps a version that was verified here ready, without putting it to use. */
  stage(row: ModelRow): void {
    const { records, clock, onChange } = this.#dependencies
    const at = clock.now()
    records.transaction(() => {
      records.models.put({ ...row, state: 'staged', message: WAITS_FOR_PERSON, changedAt: at })
      records.deployments.admit(row.digest, at)
    })
    onChange()
  }

  /** Puts a package to use in one transaction; the version before is kept for going back. */
  activate(
    row: ModelRow,
    found: ModelPackage,
    event: 'model.activated' | 'model.rolled-back',
    actor: string | null,
  ): void {
    const { records, audit, clock, onChange } = this.#dependencies
    const at = clock.now()
    // A recall holds for ever: nothing that is put to use here, by whomever, may be one.
    if (records.halts.isRecalled(row.digest)) throw new ActivationError('version-recalled')
    records.transaction(() => {
      this.#beginTrial(row, event, at)
      records.models.put({ ...row, state: 'staged', message: null, changedAt: at })
      records.models.activate(row.digest, row.name, at)
      records.deployments.admit(row.digest, at)
      audit.record({
        event,
        actor:
          actor === null
            ? { kind: 'system', id: event === 'model.activated' ? 'scoring' : 'operator' }
            : { kind: 'person', id: actor },
        subject: { kind: 'model', id: `${row.name}@${row.version}` },
        outcome: 'success',
        codes: [`release-${row.releaseCounter}`],
      })
    })
    this.#active.set(row.name, found)
    onChange()
  }

  /**
   * Goes back to the version before, by decision of a person at the site. The version that is left is not taken again.
   * @returns the version in use afterwards, or why nothing changed.
   */
  async rollBack(
    name: string,
    person: string | null,
  ): Promise<
    { readonly kind: 'rolled-back'; readonly version: string } | { readonly kind: 'impossible'; readonly why: string }
  > {
    const { records, clock } = this.#dependencies
    const rows = records.models.all().filter((row) => row.name === name)
    const current = rows.find((row) => row.state === 'active')
    const [previous] = rows
      .filter((row) => row.state === 'retained' && !records.halts.isRecalled(row.digest))
      .sort((a, b) => b.changedAt - a.changedAt)
    if (current === undefined || previous === undefined)
      return { kind: 'impossible', why: 'no earlier version is kept' }
    const read = await this.read(previous.digest)
    if (read.kind === 'unusable') return { kind: 'impossible', why: read.message }
    this.activate(previous, read.package, 'model.rolled-back', person)
    records.transaction(() => {
      const message = 'A person at the site went back to the version before.'
      records.models.setState(current.digest, 'refused', message, clock.now())
    })
    return { kind: 'rolled-back', version: previous.version }
  }

  /**
   * Takes a version out of use by the appliance itself, to `previous` or to none. In the caller's transaction, so that what
   * is in use and why are one fact.
   * @param found the package of `previous`, hashed by this process; undefined before the library has started.
   */
  goBack(
    row: ModelRow,
    previous: string | undefined,
    found: ModelPackage | undefined,
    state: 'staged' | 'refused',
    why: string,
  ): void {
    const { records, audit, clock, onChange } = this.#dependencies
    const at = clock.now()
    records.models.setState(row.digest, state, why, at)
    if (previous !== undefined) records.models.activate(previous, row.name, at)
    audit.record({
      event: previous === undefined ? 'model.retired' : 'model.rolled-back',
      actor: { kind: 'system', id: 'scoring' },
      subject: { kind: 'model', id: `${row.name}@${row.version}` },
      outcome: 'failure',
      codes: [state === 'refused' ? 'quarantined' : 'tried-again'],
    })
    if (previous !== undefined && found !== undefined) this.#active.set(row.name, found)
    else this.#active.delete(row.name)
    onChange()
  }

  /** Gives a version up that is not in use. In the caller's transaction. */
  setAside(digest: string, state: 'staged' | 'refused', why: string): void {
    const { records, clock } = this.#dependencies
    if (records.models.find(digest)?.state !== 'active') records.models.setState(digest, state, why, clock.now())
  }

  /** Every version that comes into use is on trial first; one that a person went back to was tried before. */
  #beginTrial(row: ModelRow, event: 'model.activated' | 'model.rolled-back', at: number): void {
    const { activations, models } = this.#dependencies.records
    const { digest, name, releaseCounter } = row
    const known = activations.find(digest)
    const isTried = event === 'model.rolled-back'
    const active = models.active().find((one) => one.name === name)?.digest ?? null
    // Put to use again while it is on trial: what it has done so far still counts.
    const goesOn = !isTried && known?.state === 'trial' && active === digest
    const { runs, errors, enteredAt } = goesOn ? known : { runs: 0, errors: 0, enteredAt: at }
    activations.put({
      digest,
      name,
      releaseCounter,
      state: isTried ? 'committed' : 'trial',
      attempts: known?.attempts ?? 0,
      previous: active === digest ? (known?.previous ?? null) : active,
      reason: null,
      runs,
      errors,
      enteredAt,
    })
  }

  async #putAside(row: ModelRow, message: string): Promise<void> {
    const { records, audit, clock, logger } = this.#dependencies
    logger.error('activation.package-damaged', { model: row.name, version: row.version })
    await rm(this.folderOf(row.digest), { recursive: true, force: true })
    records.transaction(() => {
      // Its bytes are needed again: it begins where the kit is read.
      const known = records.activations.find(row.digest)
      if (known !== undefined) records.activations.put({ ...known, state: 'stage' })
      records.models.setState(
        row.digest,
        'staged',
        `Damaged on disk, waits for the update kit: ${message}`,
        clock.now(),
      )
      audit.record({
        event: 'model.refused',
        actor: { kind: 'system', id: 'scoring' },
        subject: { kind: 'model', id: `${row.name}@${row.version}` },
        outcome: 'failure',
        codes: ['damaged-on-disk'],
      })
    })
  }
}
