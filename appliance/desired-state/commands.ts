import type { DesiredSections } from '@leadglass/sync-agent/contract'
import { type BackfillDesk, BackfillError } from '../backfill/index.ts'
import type { ScoringPool } from '../scoring/index.ts'
import { applied, HUB, type Outcome, rejected, waiting } from './outcome.ts'

type Command = NonNullable<DesiredSections['command']>
type Backfill = NonNullable<DesiredSections['backfill']>

const MOST_JOBS = 200

/** What commands act on. Absent where nothing scores. */
export interface CommandDependencies {
  readonly backfills?: Pick<BackfillDesk, 'start' | 'list'> | undefined
  readonly pool?: Pick<ScoringPool, 'restart' | 'runGoldenCases'> | undefined
  /** Folders of the packages that score now. */
  readonly packages: () => readonly string[]
}

/** Acts that the hub asks for once. Each ends applied, or rejected with a reason; one that cannot be done yet waits. */
export class HubCommands {
  readonly #dependencies: CommandDependencies

  constructor(dependencies: CommandDependencies) {
    this.#dependencies = dependencies
  }

  async command({ act }: Command): Promise<Outcome> {
    const { pool, packages } = this.#dependencies
    if (pool === undefined) return rejected('nothing-scores-here')
    if (act === 'restart-workers') return (await pool.restart()) ? applied : waiting('workers-busy')
    for (const folder of packages()) {
      const outcome = await pool.runGoldenCases(folder)
      if (outcome.kind === 'failed') return rejected('golden-case-failed')
    }
    return applied
  }

  /**
   * Starts a backfill in its window. Killed between the start and the report of it, the job is found again: it is the
   * hub's, asks for the same, and is younger than the document.
   * @param notedAt when the document was noted here, milliseconds since 1970.
   */
  backfill(wish: Backfill, notedAt: number): Outcome {
    const { backfills } = this.#dependencies
    if (backfills === undefined) return rejected('nothing-scores-here')
    const { id: _id, ...request } = wish
    const [name] = wish.model.split('@')
    const isStarted = backfills
      .list(MOST_JOBS)
      .some(
        ({ job }) =>
          job.createdBy === HUB.id &&
          job.createdAt >= notedAt &&
          job.modelName === name &&
          `${job.windowFrom}-${job.windowTo}` === wish.window &&
          job.fromDate === (wish.from ?? null) &&
          job.toDate === (wish.to ?? null),
      )
    if (isStarted) return applied
    try {
      backfills.start(request, HUB)
      return applied
    } catch (cause) {
      if (cause instanceof BackfillError) return rejected(cause.code)
      throw cause
    }
  }
}
