import { z } from 'zod'
import type { param, tag } from './requests.ts'

export type Tag = z.infer<typeof tag>
export type Param = z.infer<typeof param>

/** A value of a figure at a step. */
export interface LoggedMetric {
  readonly key: string
  readonly value: number
  readonly timestamp: number
  readonly step: number
}

/** A group of runs. */
export interface Experiment {
  readonly id: string
  readonly name: string
  readonly lifecycle: 'active' | 'deleted'
  readonly createdMs: number
  readonly updatedMs: number
  readonly tags: readonly Tag[]
}

/** A run as recorded. `metrics` holds the last value of each figure. */
export interface LoggedRun {
  readonly run: string
  readonly experiment: string
  readonly name: string
  readonly user: string
  readonly status: string
  readonly lifecycle: 'active' | 'deleted'
  readonly startMs: number
  readonly endMs: number | null
  readonly metrics: readonly LoggedMetric[]
  readonly params: readonly Param[]
  readonly tags: readonly Tag[]
}

const lifecycle = z.enum(['active', 'deleted'])
export const experimentRow = z.object({
  experiment: z.number(),
  name: z.string(),
  lifecycle,
  created_ms: z.number(),
  updated_ms: z.number(),
})
export const runRow = z.object({
  run: z.string(),
  experiment: z.number(),
  name: z.string(),
  user: z.string(),
  status: z.string(),
  lifecycle,
  start_ms: z.number(),
  end_ms: z.number().nullable(),
})
export const metricRow = z.object({ key: z.string(), value: z.string(), at_ms: z.number(), step: z.number() })
export const pair = z.object({ key: z.string(), value: z.string() })

export const SQL_RUNS = 'SELECT * FROM mlflow_run WHERE experiment = ? ORDER BY start_ms DESC, run'
export const SQL_METRICS = `SELECT key, value, at_ms, step FROM mlflow_metric WHERE run = ? ORDER BY key, step, at_ms, value`
export const SQL_HISTORY = `SELECT key, value, at_ms, step FROM mlflow_metric WHERE run = ? AND key = ?
  ORDER BY step, at_ms, value`
export const SQL_TAGS = 'SELECT key, value FROM mlflow_tag WHERE owner = ? ORDER BY key'
export const SQL_PARAMS = 'SELECT key, value FROM mlflow_param WHERE run = ? ORDER BY key'
export const SQL_SET_TAG =
  'INSERT INTO mlflow_tag (owner, key, value) VALUES (?, ?, ?) ON CONFLICT (owner, key) DO UPDATE SET value = excluded.value'

/** A row of a figure as the value that was logged. */
export function metricOf({ key, value, at_ms, step }: z.infer<typeof metricRow>): LoggedMetric {
  return { key, value: Number(value), timestamp: at_ms, step }
}
