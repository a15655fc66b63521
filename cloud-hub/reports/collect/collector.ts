import type { JsonValue } from '@leadglass/sync-agent/foundation'
import type { Collected } from '../evidence.ts'
import type { Period } from '../period.ts'

/** Looks for evidence in one place. */
export type Collector = (period: Period) => Promise<Collected>

/** Nothing found. */
export const NOTHING: Collected = { evidence: [], findings: [] }

/** Puts together what several collectors found. */
export function together(parts: readonly Collected[]): Collected {
  return {
    evidence: parts.flatMap(({ evidence }) => evidence),
    findings: parts.flatMap(({ findings }) => findings),
  }
}

/** A value as plain JSON: rows and schemas give objects that are JSON already, but do not say so. */
export function asJson(value: unknown): JsonValue {
  return JSON.parse(JSON.stringify(value)) as JsonValue
}

/** POSIX seconds as a date and time in UTC. */
export function instantOf(seconds: number): string {
  return `${new Date(seconds * 1000).toISOString().slice(0, 19)}Z`
}
