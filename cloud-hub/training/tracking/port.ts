import type { Service } from '@leadglass/sync-agent/foundation'

/** A training run as a tracking server is told it. The same run in the same state is equal in every field. */
export interface TrackedRun {
  /** The hub's own identifier: what makes telling it twice the same as telling it once. */
  readonly run: string
  readonly name: string
  readonly user: string
  readonly status: 'RUNNING' | 'SCHEDULED' | 'FINISHED' | 'FAILED' | 'KILLED'
  readonly startMs: number
  readonly endMs: number | null
  readonly params: Readonly<Record<string, string>>
  readonly metrics: Readonly<Record<string, number>>
  readonly tags: Readonly<Record<string, string>>
}

/** A file that belongs to a run. `name` is its path there, of plain segments. */
export interface TrackedFile {
  readonly name: string
  readonly bytes: Uint8Array
}

/** A run, and a word that is another one after each change of it. */
export interface TrackedVersion {
  readonly run: string
  readonly version: string
}

/** Where tracking reads what it tells: the hub's own tables, which stay the record. */
export interface TrackedRuns {
  /** The runs that are to be told, the newest first, each with a word that changes when the run does. */
  versions(): readonly TrackedVersion[]
  /** @returns undefined when the run is gone. */
  run(run: string): TrackedRun | undefined
  files(run: string): Promise<readonly TrackedFile[]>
}

/** How far the tracking server is behind. */
export interface TrackingStatus {
  readonly url: string
  readonly experiment: string
  /** Runs whose present state the server does not have yet. */
  readonly backlog: number
  /** Runs that the server has as they are. */
  readonly told: number
  readonly lastToldAt: string | null
  /** The code of the last failure, null after a round without one. */
  readonly failure: string | null
}

/** Tells runs to a tracking server, behind the hub's work: no run waits for it, and none fails with it. */
export interface ExperimentTracking extends Service {
  status(): TrackingStatus
  /** Says that something has changed; what is told, and when, is the tracking's own affair. */
  wake(): void
}
