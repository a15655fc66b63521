import { pathsOf, type TracedCall } from './trace-log.ts'

/** A place where a fault can be inflicted: the n-th call of a kind by a thread after strace was put on. */
export interface CallPoint {
  readonly thread: string
  readonly call: string
  /** From 1. */
  readonly number: number
}

/**
 * The calls of a log that touch files below a folder, as points. Calls on sockets, pipes and other folders count for the
 * number, because strace counts them, but are no points of their own.
 * @param names of threads, by their id.
 */
export function pointsOf(
  calls: readonly TracedCall[],
  folder: string,
  names: ReadonlyMap<number, string>,
): CallPoint[] {
  const counts = new Map<string, number>()
  const points: CallPoint[] = []
  for (const call of calls.toSorted((one, other) => one.began - other.began)) {
    const thread = names.get(call.thread)
    if (thread === undefined) continue
    const key = `${thread} ${call.name}`
    const number = (counts.get(key) ?? 0) + 1
    counts.set(key, number)
    if (touches(call, folder)) points.push({ thread, call: call.name, number })
  }
  return points
}

/** True when a call names a path below a folder. */
export function touches(call: TracedCall, folder: string): boolean {
  return pathsOf(call).some((path) => path.startsWith(`${folder}/`))
}

/** At most so many of a list, spread evenly over it, first and last among them. */
export function spread<Item>(items: readonly Item[], most: number): Item[] {
  if (items.length <= most) return [...items]
  if (most <= 1) return items.slice(0, most)
  return Array.from({ length: most }, (_, at) => items[Math.round((at * (items.length - 1)) / (most - 1))]).filter(
    (item) => item !== undefined,
  )
}
