import { randomUUID } from 'node:crypto'
import { mkdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { canonicalJson, isRetryable, writeFileAtomically } from '@leadglass/sync-agent/foundation'
import { RUN_FILES, type TrainerLine, type TrainingJob, trainingJob } from '../../job.ts'
import { persistently } from '../../rest/persistently.ts'
import { RestError } from '../../rest/rest-error.ts'
import { ExecutorError } from '../errors.ts'
import {
  type ExecutorState,
  LOG,
  logPath,
  parseLines,
  readLog,
  readState,
  returnedFiles,
  writeState,
} from '../job-folder.ts'
import { type JobStatus, RETURNED_FILES, type ReturnedFile, type TrainingExecutor } from '../port.ts'
import { bundleOf, PLACE, pathsOf } from './job-bundle.ts'
import type { JobStore } from './job-store.ts'

/** What a service must be able to do. Every act may be repeated: an answer may have been lost. */
export interface RemoteApi {
  /** Starts the job under our identifier, or finds the one that an earlier call started. @returns the service's own. */
  create(id: string, place: string): Promise<string>
  status(handle: string): Promise<JobStatus>
  /** Ends it with everything that belongs to it. One that is gone already is no failure. */
  cancel(handle: string): Promise<void>
}

/** A service is asked no more often than this, in milliseconds; in between it is as it was. */
const ASK_MS = 2_000

/**
 * Runs jobs at a service behind a REST interface. What the script needs is carried to a place that both sides reach; what
 * it leaves there is fetched and taken away again. While the service cannot be reached a job counts as running.
 */
export class RemoteExecutor implements TrainingExecutor {
  readonly name: string
  readonly #api: RemoteApi
  readonly #store: JobStore
  readonly #askMs: number
  readonly #asked = new Map<string, { readonly atMs: number; readonly status: JobStatus }>()

  constructor(name: string, api: RemoteApi, store: JobStore, askMs = ASK_MS) {
    this.name = name
    this.#api = api
    this.#store = store
    this.#askMs = askMs
  }

  async submit(job: TrainingJob, folder: string): Promise<void> {
    await this.cancel(folder)
    await mkdir(folder, { recursive: true, mode: 0o700 })
    for (const left of [...RETURNED_FILES, LOG]) await rm(join(folder, left), { force: true })
    await writeFileAtomically(join(folder, RUN_FILES.job), canonicalJson(job))
    // RFC 1123 label: at most 63 of letters, digits and hyphens. The tail parts attempts of one run.
    const id = `leadglass-${job.run}-${randomUUID().slice(0, 8)}`
    for await (const [path, bytes] of bundleOf(job)) await persistently(() => this.#store.put(id, path, bytes))
    const state = { schema: 'leadglass.executor-state/1', executor: this.name, ended: null } as const
    await writeState(folder, { ...state, handle: { id, isAccepted: false } })
    await writeFileAtomically(join(folder, OWN_ID), id)
    const handle = await persistently(() => this.#api.create(id, this.#store.place(id)))
    await writeState(folder, { ...state, handle: { id: handle, isAccepted: true } })
    this.#asked.delete(folder)
  }

  async status(folder: string): Promise<JobStatus> {
    const state = await readState(folder)
    if (state === undefined) return 'unknown'
    if (state.ended !== null) return state.ended
    if (!('id' in state.handle) || !state.handle.isAccepted) return 'lost'
    const known = this.#asked.get(folder)
    if (known !== undefined && performance.now() - known.atMs < this.#askMs) return known.status
    const status = await this.#patiently(folder, state, state.handle.id)
    this.#asked.set(folder, { atMs: performance.now(), status })
    return status
  }

  async logs(folder: string, from: number): Promise<readonly TrainerLine[]> {
    const id = await ownId(folder)
    if (id === undefined) return []
    const kept = await readLog(folder, from)
    if (kept.length > 0) return kept
    try {
      const bytes = await this.#store.get(id, PLACE.log)
      return parseLines(Buffer.from(bytes ?? []).toString('utf8')).slice(from)
    } catch (error) {
      if (isRetryable(error)) return []
      throw error
    }
  }

  async cancel(folder: string): Promise<void> {
    const state = await readState(folder)
    if (state === undefined || !('id' in state.handle)) return
    // Ended, and perhaps with files left at the service because it could not be reached then.
    if (state.ended !== null) return this.#clear(folder, await ownId(folder))
    const { id, isAccepted } = state.handle
    // Nobody knows whether it was taken before the hub ended: asking again under the same identifier finds it.
    const handle = isAccepted ? id : await this.#api.create(id, this.#store.place(id))
    await persistently(() => this.#api.cancel(handle))
    await this.#clear(folder, isAccepted ? await ownId(folder) : id)
    await writeState(folder, { ...state, ended: 'cancelled' })
  }

  async artifacts(folder: string): Promise<readonly ReturnedFile[]> {
    const id = await ownId(folder)
    if (id !== undefined) {
      const bytes = await persistently(() => this.#store.get(id, PLACE.weights))
      // Fetched before a stop, and taken away there: what lies here stands.
      if (bytes !== undefined) await writeFileAtomically(join(folder, PLACE.weights), bytes)
      await this.#clear(folder, id)
    }
    return returnedFiles(folder)
  }

  /** Rows of patients, if only de-identified ones, stay nowhere longer than they are needed. The log is kept here. */
  async #clear(folder: string, id: string | undefined): Promise<void> {
    if (id === undefined) return
    const log = await this.#store.get(id, PLACE.log)
    if (log !== undefined) await writeFileAtomically(logPath(folder), log)
    const job = trainingJob.parse(JSON.parse(await readFile(join(folder, RUN_FILES.job), 'utf8')))
    await this.#store.clear(id, await pathsOf(job))
  }

  /** Asks the service; records an end once nothing of the job that is not needed any more lies there. */
  async #patiently(folder: string, state: ExecutorState, handle: string): Promise<JobStatus> {
    try {
      const status = await this.#api.status(handle)
      if (status === 'failed' || status === 'cancelled') await this.#clear(folder, await ownId(folder))
      if (status !== 'running' && status !== 'lost' && status !== 'unknown') {
        await writeState(folder, { ...state, ended: status })
      }
      return status
    } catch (error) {
      if (error instanceof RestError && error.code === 'not-found') return 'lost'
      if (isRetryable(error)) return 'running'
      throw error
    }
  }
}

/** Holds our own identifier of the job; the service may have given it another. */
const OWN_ID = 'remote-id'

async function ownId(folder: string): Promise<string | undefined> {
  const text = await readFile(join(folder, OWN_ID), 'utf8').catch(() => undefined)
  if (text === undefined || /^[a-z0-9-]{1,63}$/.test(text)) return text
  throw new ExecutorError('result-invalid', 'the run’s folder names a job that is none')
}
