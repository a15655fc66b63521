import { dirname } from 'node:path'
import { pathsOf, type TracedCall } from './trace-log.ts'

/** A range of bytes of a file. */
export interface Extent {
  readonly from: number
  readonly to: number
}

/** What a power cut may take, by the promises of fsync(2) and fdatasync(2) alone. */
export interface Unsynced {
  /** Bytes that were written and not synced since. */
  readonly extents: ReadonlyMap<string, readonly Extent[]>
  /** Files made since the last sync of their folder. */
  readonly created: ReadonlySet<string>
  /** Renames (new name to old name) since the last sync of the folder. */
  readonly renamed: ReadonlyMap<string, string>
}

const POSITIONED = new Set(['pwrite64', 'pwritev', 'pwritev2'])
const APPENDING = new Set(['write', 'writev'])
const SYNCS = new Set(['fsync', 'fdatasync'])
const RENAMES = new Set(['rename', 'renameat', 'renameat2'])

/**
 * Follows a log of calls and says what was not yet on disk at its end.
 * @param sizes bytes of each file when the log began; all of that counts as durable.
 */
export function unsyncedAt(calls: readonly TracedCall[], sizes: ReadonlyMap<string, number>): Unsynced {
  const positions = new Map(sizes)
  const written = new Map<string, { readonly extent: Extent; readonly ended: number }[]>()
  const created = new Map<string, number>()
  const renamed = new Map<string, { readonly from: string; readonly ended: number }>()
  for (const call of calls.toSorted((one, other) => one.ended - other.ended)) {
    const [path = '', target = ''] = pathsOf(call)
    const { name, result, ended, injected } = call
    if (POSITIONED.has(name) || APPENDING.has(name)) {
      // A call that never returned may have written any part of what it was given: none of it is acknowledged.
      if (path === '' || injected || result === undefined || result <= 0) continue
      const from = POSITIONED.has(name) ? offsetOf(call) : (positions.get(path) ?? 0)
      if (APPENDING.has(name)) positions.set(path, from + result)
      written.set(path, [...(written.get(path) ?? []), { extent: { from, to: from + result }, ended }])
    } else if (injected || result === undefined || result < 0) {
      // Nothing happened, and nothing was promised.
    } else if (SYNCS.has(name)) {
      // A sync covers what was there when it began.
      written.set(
        path,
        (written.get(path) ?? []).filter((entry) => entry.ended > call.began),
      )
      if (name === 'fsync') {
        for (const [file, at] of created) if (dirname(file) === path && at < call.began) created.delete(file)
        for (const [file, entry] of renamed)
          if (dirname(file) === path && entry.ended < call.began) renamed.delete(file)
      }
    } else if (name === 'openat') {
      if (call.args.includes('O_CREAT') && !sizes.has(path) && !positions.has(path)) {
        created.set(path, ended)
        positions.set(path, 0)
      }
    } else if (RENAMES.has(name)) {
      move(written, path, target)
      move(positions, path, target)
      const wasMade = created.delete(path)
      if (wasMade) created.set(target, ended)
      else renamed.set(target, { from: path, ended })
    } else if (name === 'unlink' || name === 'unlinkat') {
      for (const known of [written, positions, created, renamed]) known.delete(path)
    }
  }
  return {
    extents: new Map([...written].map(([path, entries]) => [path, entries.map((entry) => entry.extent)])),
    created: new Set(created.keys()),
    renamed: new Map([...renamed].map(([to, { from }]) => [to, from])),
  }
}

/** The offset of a positioned write: its last argument, or the last but one where flags follow. */
function offsetOf(call: TracedCall): number {
  const numbers = call.args.split(', ').map((part) => part.trim())
  return Number((call.name === 'pwritev2' ? numbers.at(-2) : numbers.at(-1)) ?? 0)
}

function move<Value>(known: Map<string, Value>, from: string, to: string): void {
  const value = known.get(from)
  known.delete(from)
  if (value === undefined) known.delete(to)
  else known.set(to, value)
}
