import type { JsonValue } from '@leadglass/sync-agent/foundation'

/** A figure as both versions may have it. */
export interface ComparedFigure {
  readonly name: string
  readonly split: string
  readonly subgroup: string | null
  readonly first: Bounds | null
  readonly second: Bounds | null
  /** Second minus first; null when one lacks it. */
  readonly difference: number | null
  /** Whether the intervals have a value in common; null when one has no interval. Not a test: cases may be shared. */
  readonly overlap: boolean | null
}

export interface Bounds {
  readonly value: number
  readonly low: number | null
  readonly high: number | null
  readonly cases: number | null
}

/** A figure of one version as it is compared. */
export interface Figure extends Bounds {
  readonly name: string
  readonly split: string
  readonly subgroup: string | null
}

/** A leaf that differs. `path` is `training.seed`; a side that lacks it is null. */
export interface Difference {
  readonly path: string
  readonly first: string | null
  readonly second: string | null
}

/** Differences that are shown; more are counted by the reader as "and more". */
const MOST = 500
const LONGEST = 2000

/** Pairs figures by name and split; of several with the same, by their order. */
export function compareFigures(first: readonly Figure[], second: readonly Figure[]): ComparedFigure[] {
  const left = keyed(first)
  const right = keyed(second)
  return [...new Set([...left.keys(), ...right.keys()])].flatMap((key) => {
    const a = left.get(key)
    const b = right.get(key)
    const either = a ?? b
    if (either === undefined) return []
    return [
      {
        name: either.name,
        split: either.split,
        subgroup: either.subgroup,
        first: a === undefined ? null : bounds(a),
        second: b === undefined ? null : bounds(b),
        difference: a === undefined || b === undefined ? null : b.value - a.value,
        overlap: a === undefined || b === undefined ? null : overlap(a, b),
      },
    ]
  })
}

/** Leaves at which two JSON values differ, by path, in the order of the paths. */
export function differences(first: JsonValue, second: JsonValue): Difference[] {
  const left = leaves(first)
  const right = leaves(second)
  return [...new Set([...left.keys(), ...right.keys()])]
    .filter((path) => left.get(path) !== right.get(path))
    .sort()
    .slice(0, MOST)
    .map((path) => ({ path, first: left.get(path) ?? null, second: right.get(path) ?? null }))
}

function keyed(figures: readonly Figure[]): Map<string, Figure> {
  const map = new Map<string, Figure>()
  for (const figure of figures) {
    let place = 0
    while (map.has(JSON.stringify([figure.name, figure.split, place]))) place += 1
    map.set(JSON.stringify([figure.name, figure.split, place]), figure)
  }
  return map
}

function bounds({ value, low, high, cases }: Figure): Bounds {
  return { value, low, high, cases }
}

function overlap(a: Bounds, b: Bounds): boolean | null {
  if (a.low === null || a.high === null || b.low === null || b.high === null) return null
  return a.low <= b.high && b.low <= a.high
}

function leaves(value: JsonValue, path = '', into = new Map<string, string>()): Map<string, string> {
  if (Array.isArray(value)) {
    for (const [index, child] of (value as readonly JsonValue[]).entries()) leaves(child, `${path}[${index}]`, into)
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, child] of Object.entries(value as Readonly<Record<string, JsonValue>>)) {
      leaves(child, path === '' ? key : `${path}.${key}`, into)
    }
  } else {
    into.set(path, String(value).slice(0, LONGEST))
  }
  return into
}
