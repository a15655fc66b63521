import type { Progress } from '../../cli/progress.ts'

/** What a part of the run is told. */
export interface PartOptions {
  readonly progress: Progress
  /** Every point instead of a sample. */
  readonly full: boolean
  /** An empty folder of the part's own. */
  readonly folder: string
}

/** One attack, or one fault at one place. */
export interface UpdateRow {
  /** Its name, unique in the run. */
  readonly name: string
  readonly family: string
  /** The refusal code that must be given, or what must be the case. */
  readonly expected: string
  readonly seen: string
  /** What an operator reads. */
  readonly message: string
  readonly holds: boolean
  /** True when something that nobody approved would have been installed. */
  readonly unapprovedInstalled: boolean
  /** Set when the machine lacks what the row needs: nothing was tried. */
  readonly skipped?: string
}

/** A group of attacks or faults. */
export interface Part {
  readonly name: string
  readonly summary: string
  run(options: PartOptions): Promise<readonly UpdateRow[]>
}

/** A row for a fault at many points: what was seen at each is counted, and only the allowed may be among it. */
export function pointsRow(
  family: string,
  name: string,
  allowed: readonly string[],
  seen: readonly string[],
): UpdateRow {
  const counts = new Map<string, number>()
  for (const one of seen) counts.set(one, (counts.get(one) ?? 0) + 1)
  const odd = seen.filter((one) => !allowed.includes(one))
  return {
    name,
    family,
    expected: allowed.join(' or '),
    seen: [...counts].map(([what, count]) => `${what.slice(0, 80)} (${count})`).join(', '),
    message: odd[0]?.slice(0, 300) ?? '',
    holds: seen.length > 0 && odd.length === 0,
    unapprovedInstalled: false,
  }
}

/** A row for what cannot be tried here. */
export function skippedRow(family: string, name: string, reason: string): UpdateRow {
  const nothing = { expected: '', seen: '', message: '', holds: true, unapprovedInstalled: false }
  return { name, family, ...nothing, skipped: reason }
}
