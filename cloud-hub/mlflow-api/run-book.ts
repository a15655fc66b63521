import { randomUUID } from 'node:crypto'
import type { Clock } from '@leadglass/sync-agent/foundation'
import type Database from 'better-sqlite3'
import { z } from 'zod'
import { invalid, MlflowError, notFound } from './errors.ts'
import {
  type Experiment,
  experimentRow,
  type LoggedMetric,
  type LoggedRun,
  metricOf,
  metricRow,
  type Param,
  pair,
  runRow,
  SQL_HISTORY,
  SQL_METRICS,
  SQL_PARAMS,
  SQL_RUNS,
  SQL_SET_TAG,
  SQL_TAGS,
  type Tag,
} from './run-rows.ts'

/** Metric values of one run, so that nobody fills the hub's disk with one run. */
const MOST_METRICS = 1_000_000

/** What outside tools log: experiments and runs. Every method is one transaction. */
export class RunBook {
  readonly #database: Database.Database
  readonly #clock: Clock

  constructor(options: { readonly database: Database.Database; readonly clock: Clock }) {
    this.#database = options.database
    this.#clock = options.clock
  }

  experiments(): Experiment[] {
    const rows = this.#database.prepare('SELECT * FROM mlflow_experiment ORDER BY experiment').all()
    return z
      .array(experimentRow)
      .parse(rows)
      .map((row) => this.#experiment(row))
  }

  experiment(id: string): Experiment | undefined {
    const row = this.#database.prepare('SELECT * FROM mlflow_experiment WHERE experiment = ?').get(Number(id))
    return row === undefined ? undefined : this.#experiment(experimentRow.parse(row))
  }

  /** @throws {MlflowError} RESOURCE_ALREADY_EXISTS. */
  createExperiment(name: string, tags: readonly Tag[], person: string): string {
    const now = this.#clock.now()
    return this.#database.transaction(() => {
      const { changes, lastInsertRowid } = this.#database
        .prepare(
          `INSERT INTO mlflow_experiment (name, lifecycle, created_by, created_ms, updated_ms) VALUES (?, 'active', ?, ?, ?)
           ON CONFLICT (name) DO NOTHING`,
        )
        .run(name, person, now, now)
      if (changes === 0) throw new MlflowError('RESOURCE_ALREADY_EXISTS', 'an experiment of this name exists')
      for (const tag of tags) this.setTag(`experiment:${lastInsertRowid}`, tag)
      return String(lastInsertRowid)
    })()
  }

  /** Hides an experiment or shows it again; nothing is ever erased. */
  mark(id: string, lifecycle: Experiment['lifecycle']): void {
    const changed = this.#database
      .prepare('UPDATE mlflow_experiment SET lifecycle = ?, updated_ms = ? WHERE experiment = ?')
      .run(lifecycle, this.#clock.now(), Number(id))
    if (changed.changes === 0) throw notFound('experiment')
  }

  createRun(request: {
    readonly experiment: string
    readonly name: string
    readonly user: string
    readonly person: string
    readonly startMs: number | undefined
    readonly tags: readonly Tag[]
  }): LoggedRun {
    const run = randomUUID().replaceAll('-', '')
    const { experiment, name, user, person, startMs, tags } = request
    if (this.experiment(experiment)?.lifecycle !== 'active') throw notFound('experiment')
    this.#database.transaction(() => {
      this.#database
        .prepare(
          `INSERT INTO mlflow_run (run, experiment, name, user, created_by, status, lifecycle, start_ms, end_ms)
           VALUES (?, ?, ?, ?, ?, 'RUNNING', 'active', ?, NULL)`,
        )
        .run(run, Number(experiment), name, user, person, startMs ?? this.#clock.now())
      for (const tag of tags) this.setTag(`run:${run}`, tag)
    })()
    return this.#known(run)
  }

  run(run: string): LoggedRun | undefined {
    const row = this.#database.prepare('SELECT * FROM mlflow_run WHERE run = ?').get(run)
    return row === undefined ? undefined : this.#run(runRow.parse(row))
  }

  runs(experiment: string): LoggedRun[] {
    return z
      .array(runRow)
      .parse(this.#database.prepare(SQL_RUNS).all(Number(experiment)))
      .map((row) => this.#run(row))
  }

  updateRun(
    run: string,
    change: { readonly status?: string; readonly endMs?: number; readonly name?: string },
  ): LoggedRun {
    this.#active(run)
    this.#database
      .prepare(
        'UPDATE mlflow_run SET status = coalesce(?, status), end_ms = coalesce(?, end_ms), name = coalesce(?, name) WHERE run = ?',
      )
      .run(change.status ?? null, change.endMs ?? null, change.name ?? null, run)
    return this.#known(run)
  }

  markRun(run: string, lifecycle: LoggedRun['lifecycle']): void {
    const changed = this.#database.prepare('UPDATE mlflow_run SET lifecycle = ? WHERE run = ?').run(lifecycle, run)
    if (changed.changes === 0) throw notFound('run')
  }

  /**
   * Logs a batch whole or not at all. The same metric again is the same; a parameter never changes.
   * @throws {MlflowError} INVALID_PARAMETER_VALUE for a parameter with another value, or too many metrics.
   */
  log(
    run: string,
    batch: {
      readonly metrics?: readonly LoggedMetric[]
      readonly params?: readonly Param[]
      readonly tags?: readonly Tag[]
    },
  ): void {
    this.#active(run)
    const { metrics = [], params = [], tags = [] } = batch
    this.#database.transaction(() => {
      const insert = this.#database.prepare(
        'INSERT INTO mlflow_metric (run, key, step, at_ms, value) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING',
      )
      for (const { key, step, timestamp, value } of metrics) insert.run(run, key, step, timestamp, String(value))
      for (const { key, value } of params) {
        this.#database
          .prepare('INSERT INTO mlflow_param (run, key, value) VALUES (?, ?, ?) ON CONFLICT DO NOTHING')
          .run(run, key, value)
        const kept = pair.parse({
          key,
          ...(this.#database
            .prepare('SELECT value FROM mlflow_param WHERE run = ? AND key = ?')
            .get(run, key) as object),
        })
        if (kept.value !== value)
          throw invalid(`the parameter ${key} was logged with another value; parameters do not change`)
      }
      for (const tag of tags) this.setTag(`run:${run}`, tag)
      const { n } = this.#database.prepare('SELECT count(*) AS n FROM mlflow_metric WHERE run = ?').get(run) as {
        n: number
      }
      if (n > MOST_METRICS) throw invalid('the run has too many metric values')
    })()
  }

  history(run: string, key: string): LoggedMetric[] {
    if (this.run(run) === undefined) throw notFound('run')
    return z.array(metricRow).parse(this.#database.prepare(SQL_HISTORY).all(run, key)).map(metricOf)
  }

  /** Tags of `run:<id>`, `experiment:<id>`, `model:<name>` or `version:<digest>`. */
  tags(owner: string): Tag[] {
    return z.array(pair).parse(this.#database.prepare(SQL_TAGS).all(owner))
  }

  setTag(owner: string, { key, value }: Tag): void {
    this.#database.prepare(SQL_SET_TAG).run(owner, key, value)
  }

  deleteTag(owner: string, key: string): void {
    const { changes } = this.#database.prepare('DELETE FROM mlflow_tag WHERE owner = ? AND key = ?').run(owner, key)
    if (changes === 0) throw notFound('tag')
  }

  #active(run: string): void {
    const known = this.run(run)
    if (known === undefined) throw notFound('run')
    if (known.lifecycle !== 'active') throw invalid('the run is deleted; restore it first')
  }

  #known(run: string): LoggedRun {
    const known = this.run(run)
    if (known === undefined) throw notFound('run')
    return known
  }

  #experiment(row: z.infer<typeof experimentRow>): Experiment {
    const id = String(row.experiment)
    return {
      id,
      name: row.name,
      lifecycle: row.lifecycle,
      createdMs: row.created_ms,
      updatedMs: row.updated_ms,
      tags: this.tags(`experiment:${id}`),
    }
  }

  #run(row: z.infer<typeof runRow>): LoggedRun {
    const all = z.array(metricRow).parse(this.#database.prepare(SQL_METRICS).all(row.run)).map(metricOf)
    return {
      run: row.run,
      experiment: String(row.experiment),
      name: row.name,
      user: row.user,
      status: row.status,
      lifecycle: row.lifecycle,
      startMs: row.start_ms,
      endMs: row.end_ms,
      // Ordered by step and time: the last of each key is the newest.
      metrics: [...new Map(all.map((one) => [one.key, one])).values()],
      params: z.array(pair).parse(this.#database.prepare(SQL_PARAMS).all(row.run)),
      tags: this.tags(`run:${row.run}`),
    }
  }
}
