import { readFile } from 'node:fs/promises'
import { type ModelPackage, parseManifest } from '@leadglass/models'
import type { ApprovalPolicy } from '@leadglass/sync-agent/contract'
import { type Clock, digestOf, type Logger } from '@leadglass/sync-agent/foundation'
import {
  type HighWaterMarks,
  kitRevision,
  type RecallBook,
  type VerifiedRelease,
  verifyKit,
} from '@leadglass/sync-agent/updates'
import type { AuditSink } from '../egress/index.ts'
import type { ModelRow, Records } from '../records/index.ts'
import type { Activator } from './activator.ts'
import { copyPackage } from './copy-package.ts'
import { type ModelLibrary, WAITS_FOR_PERSON } from './model-library.ts'
import type { SiteApprovals } from './site-approvals.ts'

const POLL_MS = 1000

export interface UpdateWatcherDependencies {
  readonly kitFolder: string
  readonly stateFolder: string
  readonly modelsFolder: string
  readonly initialRoot: Uint8Array
  readonly policy: ApprovalPolicy
  readonly marks: HighWaterMarks
  /** The hospital’s own approvals, where the pinned policy asks for them. */
  readonly siteApprovals: Pick<SiteApprovals, 'check' | 'revision'>
  readonly recallBook: RecallBook
  readonly records: Pick<Records, 'models' | 'halts' | 'transaction'>
  readonly library: ModelLibrary
  readonly activator: Pick<Activator, 'begin' | 'happened' | 'isOnItsWay' | 'proceed'>
  readonly audit: AuditSink
  readonly clock: Clock
  readonly logger: Logger
  /** While this says no, nothing is taken: a new version is work that nobody waits for. */
  readonly mayWork?: () => boolean
}

/**
 * Looks for update kits and takes what is approved: verified again from this appliance's own root, policy and marks,
 * copied and hashed, then handed to the activator. What is refused is kept with the reason in plain words. Recalls count
 * before anything else, also while nothing else is taken.
 */
export class UpdateWatcher {
  readonly #dependencies: UpdateWatcherDependencies
  #timer: NodeJS.Timeout | undefined
  #running: Promise<void> | undefined
  #seen = ''
  #seenUnderPressure = ''

  constructor(dependencies: UpdateWatcherDependencies) {
    this.#dependencies = dependencies
  }

  async start(): Promise<void> {
    this.#timer = setInterval(() => {
      this.#running ??= this.look()
        .catch((cause: unknown) => {
          // The agent may be replacing the kit, or the disk may be full: the next look tries again.
          const code = (cause as { code?: unknown } | null)?.code
          this.#dependencies.logger.error('activation.look-failed', {
            code: typeof code === 'string' ? code : 'unknown',
          })
          this.#seen = ''
        })
        .finally(() => {
          this.#running = undefined
        })
    }, POLL_MS)
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer)
    await this.#running
  }

  /** Looks once; does nothing when the kit is the one already looked at. */
  async look(): Promise<void> {
    const { kitFolder, stateFolder, initialRoot, policy, marks, recallBook, clock, logger, mayWork } =
      this.#dependencies
    const isFree = mayWork?.() !== false
    const offered = await kitRevision(kitFolder)
    // An approval by the hospital comes after the kit that it is about.
    const kit = offered === undefined ? undefined : `${offered}${await this.#dependencies.siteApprovals.revision()}`
    if (kit === undefined || kit === this.#seen || (!isFree && kit === this.#seenUnderPressure)) return
    const outcome = await verifyKit({
      kitFolder,
      stateFolder,
      initialRoot,
      policy,
      highWaterMarks: marks,
      recallBook,
      clock,
      logger,
    })
    if (outcome.kind === 'unreachable') {
      logger.warn('activation.kit-unreadable', { reason: outcome.reason })
      return
    }
    if (!isFree) {
      this.#seenUnderPressure = kit
      return
    }
    this.#seen = kit
    if (outcome.kind === 'refused') {
      this.#refuse(kit, 'kit', outcome.attack, outcome.message)
      return
    }
    for (const { attack, message, model } of outcome.refused) {
      this.#refuse(kit, model === null ? 'release' : `${model.name}@${model.version}`, attack, message)
    }
    for (const release of outcome.releases) await this.#take(release)
  }

  async #take(release: VerifiedRelease): Promise<void> {
    const { records, library, modelsFolder, activator, clock } = this.#dependencies
    const known = records.models.find(release.model.digest)
    if (known?.state === 'active' || activator.isOnItsWay(release.model.digest)) return
    if (known !== undefined && release.releaseCounter <= known.releaseCounter && (await this.#isKept(known))) return
    // A version that was refused here is taken again only when it was approved anew.
    if (known?.state === 'refused' && release.releaseCounter <= known.releaseCounter) return
    const row: ModelRow = {
      ...release.model,
      releaseCounter: release.releaseCounter,
      state: 'staged',
      message: null,
      approvals: JSON.stringify(release.approvals.map(({ person, role }) => ({ person, role }))),
      statement: JSON.stringify(release.statement),
      changedAt: clock.now(),
    }
    if (records.halts.isRecalled(row.digest)) {
      if (known === undefined) this.#refuseModel(row, 'recalled', 'A safety officer recalled this version.')
      return
    }
    if (await this.#waitsForSite(row, release)) return
    activator.begin(row)
    if ((await library.read(row.digest)).kind !== 'package') {
      const differs = await copyPackage(release, modelsFolder)
      if (differs !== undefined) {
        this.#refuseModel(row, 'tampered-file', `The file ${differs} changed after it was verified.`)
        return
      }
    }
    activator.happened(row.digest, 'done')
    const read = await library.read(row.digest)
    if (read.kind === 'unusable') {
      this.#refuseModel(row, 'package-invalid', `The package cannot be used: ${read.message}.`)
      return
    }
    records.transaction(() => {
      records.models.put(row)
    })
    activator.happened(row.digest, 'done')
    await activator.proceed(row.digest)
  }

  /** True while the hospital's own approval is asked for and not there: no byte is copied, nothing runs. */
  async #waitsForSite(row: ModelRow, release: VerifiedRelease): Promise<boolean> {
    const { records, siteApprovals, audit } = this.#dependencies
    const outcome = await siteApprovals.check(release.model, release.approvals)
    const { library } = this.#dependencies
    if (outcome.kind === 'not-asked') return false
    const subject = { kind: 'model', id: `${row.name}@${row.version}` } as const
    const actor = { kind: 'system', id: 'updates' } as const
    if (outcome.kind === 'approved') {
      library.endOffer(row.digest)
      audit.recordNow({ event: 'model.site-approved', actor, subject, outcome: 'success' })
      return false
    }
    library.offer(row.digest, await offeredManifest(release))
    // It stays staged, not refused: a right approval may still come, and the next look takes it then.
    records.transaction(() => {
      records.models.put({ ...row, message: outcome.message })
    })
    const awaited = outcome.kind === 'missing'
    audit.recordNow({
      event: 'model.site-approval-awaited',
      actor,
      subject,
      outcome: awaited ? 'success' : 'refused',
      codes: awaited ? [] : ['site-approval-invalid'],
    })
    return true
  }

  /** A version that was in use, or waits for a person, stays as it is: a person or a later release decided so. */
  async #isKept({ digest, state, message }: ModelRow): Promise<boolean> {
    const isDecided = state === 'retained' || (state === 'staged' && message === WAITS_FOR_PERSON)
    return isDecided && (await this.#dependencies.library.read(digest)).kind === 'package'
  }

  #refuseModel(row: ModelRow, code: string, message: string): void {
    const { records, audit, activator, clock, logger } = this.#dependencies
    activator.happened(row.digest, 'failed', message)
    logger.error('activation.model-refused', { model: row.name, version: row.version, code })
    records.transaction(() => {
      records.models.put({ ...row, state: 'refused', message, changedAt: clock.now() })
      audit.record({
        event: 'model.refused',
        actor: { kind: 'system', id: 'scoring' },
        subject: { kind: 'model', id: `${row.name}@${row.version}` },
        outcome: 'refused',
        codes: [code],
      })
    })
  }

  #refuse(kit: string, path: string, code: string, message: string): void {
    const { records, audit, clock, logger } = this.#dependencies
    // One entry for each kit and reason: the agent may offer the same kit for days.
    const kitDigest = digestOf(`${path}\n${code}\n${message}`)
    records.transaction(() => {
      if (!records.models.insertRefusedKit({ kitDigest, path, code, message, refusedAt: clock.now() })) return
      logger.error('activation.kit-refused', { code, kit })
      audit.record({
        event: path === 'kit' ? 'metadata.refused' : 'model.refused',
        actor: { kind: 'system', id: 'updates' },
        subject: path.includes('@') ? { kind: 'model', id: path } : null,
        outcome: 'refused',
        codes: [code],
      })
    })
  }
}

/** What a version says of itself, for the person who decides; undefined unless it is what was verified. */
async function offeredManifest(release: VerifiedRelease): Promise<ModelPackage['manifest'] | undefined> {
  try {
    const bytes = await readFile(release.manifestPath)
    return digestOf(bytes) === release.model.digest ? parseManifest(bytes) : undefined
  } catch {
    return undefined
  }
}
