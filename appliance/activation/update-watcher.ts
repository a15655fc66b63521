import type { ApprovalPolicy } from '@leadglass/sync-agent/contract'
import { type Clock, digestOf, type Logger } from '@leadglass/sync-agent/foundation'
import { type HighWaterMarks, kitRevision, type VerifiedRelease, verifyKit } from '@leadglass/sync-agent/updates'
import type { AuditSink } from '../egress/index.ts'
import type { ModelRow, Records } from '../records/index.ts'
import type { ScoringPool } from '../scoring/index.ts'
import { copyPackage } from './copy-package.ts'
import { type ModelLibrary, WAITS_FOR_PERSON } from './model-library.ts'

const POLL_MS = 1000

/** Ends of a golden run that another run may not come to, and how often that is tried. */
const PASSING: ReadonlySet<string> = new Set(['timed-out', 'crashed', 'memory', 'stopped'])
const MOST_ATTEMPTS = 3

export interface UpdateWatcherDependencies {
  readonly kitFolder: string
  readonly stateFolder: string
  readonly modelsFolder: string
  readonly initialRoot: Uint8Array
  readonly policy: ApprovalPolicy
  readonly marks: HighWaterMarks
  readonly records: Pick<Records, 'models' | 'transaction'>
  readonly library: ModelLibrary
  readonly pool: Pick<ScoringPool, 'runGoldenCases'>
  readonly audit: AuditSink
  readonly clock: Clock
  readonly logger: Logger
  /** While this says no, nothing is taken: a new version is work that nobody waits for. */
  readonly mayWork?: () => boolean
}

/**
 * Looks for update kits and takes what is approved: verified again from this appliance's own root, policy and marks,
 * copied and hashed, golden cases run in a worker, then put to use. What is refused is kept with the reason in plain
 * words.
 */
export class UpdateWatcher {
  readonly #dependencies: UpdateWatcherDependencies
  #timer: NodeJS.Timeout | undefined
  #running: Promise<void> | undefined
  #seen = ''
  readonly #attempts = new Map<string, number>()

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
    const { kitFolder, stateFolder, initialRoot, policy, marks, clock, logger, mayWork } = this.#dependencies
    if (mayWork?.() === false) return
    const kit = await kitRevision(kitFolder)
    if (kit === undefined || kit === this.#seen) return
    const outcome = await verifyKit({
      kitFolder,
      stateFolder,
      initialRoot,
      policy,
      highWaterMarks: marks,
      clock,
      logger,
    })
    if (outcome.kind === 'unreachable') {
      logger.warn('activation.kit-unreadable', { reason: outcome.reason })
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
    const { records, library, modelsFolder, pool, clock } = this.#dependencies
    const known = records.models.find(release.model.digest)
    if (known?.state === 'active') return
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
    if ((await library.read(row.digest)).kind !== 'package') {
      const differs = await copyPackage(release, modelsFolder)
      if (differs !== undefined) {
        this.#refuseModel(row, 'tampered-file', `The file ${differs} changed after it was verified.`)
        return
      }
    }
    const read = await library.read(row.digest)
    if (read.kind === 'unusable') {
      this.#refuseModel(row, 'package-invalid', `The package cannot be used: ${read.message}.`)
      return
    }
    records.transaction(() => {
      records.models.put(row)
    })
    const golden = await pool.runGoldenCases(library.folderOf(row.digest), read.package.manifest.runtime.memoryMiB)
    if (golden.kind === 'failed') {
      if (PASSING.has(golden.reason) && this.#countAttempt(row.digest) < MOST_ATTEMPTS) {
        // A busy or stopping machine says nothing about the model: the next look tries again.
        this.#seen = ''
        return
      }
      this.#refuseModel(
        row,
        `golden.${golden.reason}`,
        `Its golden cases do not come out on this machine: ${golden.detail}`,
      )
      return
    }
    this.#staged(row, golden.cases)
    if (library.waitsForPerson(row.name)) library.stage(row)
    else library.activate(row, read.package, 'model.activated', null)
  }

  /** A version that was in use, or waits for a person, stays as it is: a person or a later release decided so. */
  async #isKept({ digest, state, message }: ModelRow): Promise<boolean> {
    const isDecided = state === 'retained' || (state === 'staged' && message === WAITS_FOR_PERSON)
    return isDecided && (await this.#dependencies.library.read(digest)).kind === 'package'
  }

  #countAttempt(digest: string): number {
    const attempts = (this.#attempts.get(digest) ?? 0) + 1
    this.#attempts.set(digest, attempts)
    return attempts
  }

  #staged(row: ModelRow, cases: number): void {
    this.#dependencies.audit.recordNow({
      event: 'model.staged',
      actor: { kind: 'system', id: 'scoring' },
      subject: { kind: 'model', id: `${row.name}@${row.version}` },
      outcome: 'success',
      codes: [`golden-cases-${cases}`],
    })
  }

  #refuseModel(row: ModelRow, code: string, message: string): void {
    const { records, audit, clock, logger } = this.#dependencies
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
