import { z } from 'zod'

/** Limits of MLflow itself: 250 characters of a key, 6000 of a parameter, 8000 of a tag. */
const key = z.string().regex(/^[\w ./:@-]{1,250}$/)
const count = z.coerce.number().int()
const instant = count.min(0).max(8_640_000_000_000_000)
/** protobuf's JSON writes what JSON has no number for as words. */
const value = z.union([z.number(), z.enum(['NaN', 'Infinity', '-Infinity'])]).transform(Number)
const name = z.string().min(1).max(250)

export const experimentId = z.string().regex(/^\d{1,15}$/)
export const runId = z.string().regex(/^[0-9a-f]{32}$/)
export const tag = z.object({ key, value: z.string().max(8000) })
export const param = z.object({ key, value: z.string().max(6000) })
export const metric = z.object({
  key,
  value,
  timestamp: instant,
  step: count.min(Number.MIN_SAFE_INTEGER).max(Number.MAX_SAFE_INTEGER).default(0),
})

const list = z
  .union([z.string(), z.array(z.string())])
  .transform((one) => [one].flat())
  .default([])

/** Every search: how many, from where, which, in which order. */
export const search = z.object({
  max_results: count.min(1).max(50_000).default(1000),
  page_token: z.string().max(40).optional(),
  filter: z.string().default(''),
  order_by: list,
  view_type: z.enum(['ACTIVE_ONLY', 'DELETED_ONLY', 'ALL']).default('ACTIVE_ONLY'),
  run_view_type: z.enum(['ACTIVE_ONLY', 'DELETED_ONLY', 'ALL']).default('ACTIVE_ONLY'),
  experiment_ids: list,
})

export const createExperiment = z.object({ name, tags: z.array(tag).max(100).default([]) })
export const byExperiment = z.object({ experiment_id: experimentId })
export const byExperimentName = z.object({ experiment_name: name })
export const experimentTag = z.object({ experiment_id: experimentId, ...tag.shape })
export const createRun = z.object({
  experiment_id: experimentId,
  user_id: z.string().max(250).default(''),
  run_name: z.string().max(250).default(''),
  start_time: instant.optional(),
  tags: z.array(tag).max(100).default([]),
})
/** Clients send `run_uuid` too, for old servers. */
export const byRun = z.object({ run_id: runId })
export const updateRun = z.object({
  run_id: runId,
  status: z.enum(['RUNNING', 'SCHEDULED', 'FINISHED', 'FAILED', 'KILLED']).optional(),
  end_time: instant.optional(),
  run_name: z.string().max(250).optional(),
})
export const logMetric = z.object({ run_id: runId, ...metric.shape })
export const logParam = z.object({ run_id: runId, ...param.shape })
export const setTag = z.object({ run_id: runId, ...tag.shape })
export const deleteTag = z.object({ run_id: runId, key })
export const logBatch = z.object({
  run_id: runId,
  metrics: z.array(metric).max(1000).default([]),
  params: z.array(param).max(100).default([]),
  tags: z.array(tag).max(100).default([]),
})
export const metricHistory = z.object({
  run_id: runId,
  metric_key: key,
  max_results: count.min(1).max(50_000).default(25_000),
  page_token: z.string().max(40).optional(),
})
export const byModel = z.object({ name })
/** A version by its number, or by the version that the package names itself with. */
export const byVersion = z.object({ name, version: z.string().regex(/^\d{1,9}(?:\.\d{1,4}\.\d{1,6})?$/) })
export const byAlias = z.object({ name, alias: z.string().max(255) })
export const setAlias = z.object({ ...byVersion.shape, alias: z.string().max(255) })
export const modelTag = z.object({ name, ...tag.shape })
export const versionTag = z.object({ ...byVersion.shape, ...tag.shape })
export const deleteModelTag = z.object({ name, key })
export const deleteVersionTag = z.object({ ...byVersion.shape, key })
