/** How much is still to be had, and how far the work is behind. */
export interface Measurement {
  readonly freeBytes: number
  /** Free inodes in percent of all; `null` where the file system does not count them. */
  readonly freeInodesPercent: number | null
  /** Age of the study that waits longest for work, in seconds; 0 when none waits. */
  readonly waitingSeconds: number
}

/** The marks of one level. A mark that is not set is never reached. */
interface LevelMarks {
  readonly freeBytes: number
  readonly freeInodesPercent: number
  readonly waitingSeconds: number
}

/** Both levels, and by how much (percent of a mark) things must be better before it is left again. */
export interface Marks {
  readonly soft: LevelMarks
  readonly hard: LevelMarks
  readonly recoverPercent: number
}

/**
 * `none`: all work. `soft`: optional work rests. `hard`: nothing new is taken, what is open goes on. Nothing that was taken
 * is ever evicted at any level.
 */
export const PRESSURE_LEVELS = ['none', 'soft', 'hard'] as const
export type PressureLevel = (typeof PRESSURE_LEVELS)[number]

/** What reached a mark. */
export type PressureCause = 'free-bytes' | 'free-inodes' | 'waiting'

export interface Pressure {
  readonly level: PressureLevel
  /** What holds the level; empty at `none`. */
  readonly causes: readonly PressureCause[]
}

export const NO_PRESSURE: Pressure = { level: 'none', causes: [] }

/** The level after a measurement. It rises at a mark, and falls only when things are clearly better than the mark. */
export function nextPressure(before: Pressure, measured: Measurement, marks: Marks): Pressure {
  const now = pressureAt(measured, marks.hard, marks.soft)
  if (rank(now) >= rank(before)) return now
  const cautious = pressureAt(
    measured,
    recovery(marks.hard, marks.recoverPercent),
    recovery(marks.soft, marks.recoverPercent),
  )
  // Between a mark and its recovery the level stays, and its cause is what has not recovered.
  return rank(cautious) < rank(before) ? cautious : { level: before.level, causes: cautious.causes }
}

function pressureAt(measured: Measurement, hard: LevelMarks, soft: LevelMarks): Pressure {
  const hardCauses = reached(measured, hard)
  if (hardCauses.length > 0) return { level: 'hard', causes: hardCauses }
  const softCauses = reached(measured, soft)
  return softCauses.length > 0 ? { level: 'soft', causes: softCauses } : NO_PRESSURE
}

function reached(measured: Measurement, marks: LevelMarks): PressureCause[] {
  const causes: PressureCause[] = []
  if (measured.freeBytes < marks.freeBytes) causes.push('free-bytes')
  if (measured.freeInodesPercent !== null && measured.freeInodesPercent < marks.freeInodesPercent)
    causes.push('free-inodes')
  if (measured.waitingSeconds > marks.waitingSeconds) causes.push('waiting')
  return causes
}

function recovery(marks: LevelMarks, percent: number): LevelMarks {
  const more = 1 + percent / 100
  return {
    freeBytes: marks.freeBytes * more,
    // A mark near 100 % must not become one that no file system can reach.
    freeInodesPercent: Math.min(marks.freeInodesPercent * more, Math.max(marks.freeInodesPercent, 99)),
    waitingSeconds: marks.waitingSeconds / more,
  }
}

function rank({ level }: Pressure): number {
  return PRESSURE_LEVELS.indexOf(level)
}
