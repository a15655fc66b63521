import type { Settings } from '../settings.ts'

/** One difference: the place in the settings, and what it means. */
export interface Change {
  readonly where: string
  readonly words: string
}

/** Members by which the entries of a list are told apart, the first that an entry has. */
const NAMES = ['name', 'aeTitle', 'code', 'id'] as const

type Member = Readonly<Record<string, unknown>>

/** Every difference between two settings, in the order of the settings, in plain words. */
export function changesOf(before: Settings, after: Settings): Change[] {
  return differences('', before, after)
}

/** `1 result`, `2 results`. */
export function countOf(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}

function differences(where: string, before: unknown, after: unknown): Change[] {
  if (JSON.stringify(before) === JSON.stringify(after)) return []
  const [old, now] = [namedEntries(before), namedEntries(after)]
  if (old !== undefined && now !== undefined) return listDifferences(where, old, now)
  if (isMember(before) && isMember(after)) {
    const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])]
    return keys.flatMap((key) => differences(where === '' ? key : `${where}.${key}`, before[key], after[key]))
  }
  return [{ where, words: sentence(where, before, after) }]
}

function listDifferences(where: string, before: Map<string, unknown>, after: Map<string, unknown>): Change[] {
  const names = [...new Set([...before.keys(), ...after.keys()])]
  const changes = names.flatMap((name): Change[] => {
    const place = `${where}.${name}`
    const [old, now] = [before.get(name), after.get(name)]
    if (old === undefined) return [{ where: place, words: added(where, name, now) }]
    if (now === undefined) return [{ where: place, words: removed(where, name) }]
    return differences(place, old, now)
  })
  // The same entries in another order: the order of rules can matter.
  return changes.length > 0 ? changes : [{ where, words: `${where}: the order of the entries changes` }]
}

function added(where: string, name: string, entry: unknown): string {
  const member = isMember(entry) ? entry : {}
  if (where === 'callers') {
    const bound = member.certificate === undefined ? '' : ', with its certificate'
    return `${name} may call, from ${[member.addresses].flat().join(' or ')}${bound}`
  }
  if (where === 'destinations') {
    const tls = member.tls === undefined ? ' without TLS' : ' over TLS'
    if (typeof member.url === 'string') return `results go to ${name}: ${String(member.protocol)} at ${member.url}`
    return `results go to ${name}: ${String(member.aeTitle)} at ${String(member.host)}:${String(member.port)}${tls}`
  }
  return `${where}: ${name} is added: ${plain(entry)}`
}

function removed(where: string, name: string): string {
  if (where === 'callers') return `${name} may no longer call`
  if (where === 'destinations') return `results no longer go to ${name}`
  return `${where}: ${name} is removed`
}

function sentence(where: string, before: unknown, after: unknown): string {
  if (where === 'acceptLoopback')
    return after === true
      ? 'any title may call from this machine itself'
      : 'callers from this machine need an entry like any other'
  if (before === undefined) return `${where} is set: ${plain(after)}`
  if (after === undefined) return `${where} is no longer set (was ${plain(before)})`
  return `${where} changes from ${plain(before)} to ${plain(after)}`
}

/** A value on one line; lists of plain values without brackets. */
function plain(value: unknown): string {
  if (Array.isArray(value) && value.every((one) => typeof one !== 'object')) return value.join(', ') || 'none'
  return typeof value === 'string' ? value : JSON.stringify(value)
}

function isMember(value: unknown): value is Member {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Entries by name. `undefined` for what is no list of named entries; entries of one name are numbered. */
function namedEntries(value: unknown): Map<string, unknown> | undefined {
  if (!Array.isArray(value) || !value.every(isMember)) return undefined
  const entries = new Map<string, unknown>()
  for (const entry of value as readonly Member[]) {
    const key = NAMES.find((name) => typeof entry[name] === 'string')
    if (key === undefined) return undefined
    const name = String(entry[key]).trim()
    let unique = name
    for (let number = 2; entries.has(unique); number += 1) unique = `${name} (${number})`
    entries.set(unique, entry)
  }
  return entries
}
