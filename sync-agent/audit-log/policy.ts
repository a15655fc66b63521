import { createCosignatureVerifier } from './cosignature.ts'
import type { NoteVerifier } from './note.ts'
import { createNoteVerifier, parseVerifierKey, SIGNATURE_TYPE, type VerifierKey } from './note-key.ts'

const MAX_POLICY_LENGTH = 64 * 1024

/** Who has to have signed a checkpoint (C2SP tlog-policy). */
export interface LogPolicy {
  /** Keys of logs. */
  readonly logs: readonly NoteVerifier[]
  /** Keys of witnesses. */
  readonly witnesses: readonly NoteVerifier[]
  /** True when the witnesses of these names, whose cosignatures were verified, make up the quorum. */
  isMet(cosignedBy: readonly string[]): boolean
}

/** A policy, or the line that is wrong and why. */
export type ParsedPolicy =
  | { readonly kind: 'policy'; readonly policy: LogPolicy }
  | { readonly kind: 'refused'; readonly line: number; readonly reason: string }

interface Witness {
  readonly key: VerifierKey
}
interface Group {
  readonly threshold: number
  readonly members: readonly string[]
}

/**
 * Reads a policy: lines `log VKEY [URL]`, `witness NAME VKEY [URL]`, `group NAME any|all|K MEMBER...` and one
 * `quorum NAME|none`. Blank lines and lines that begin with `#` say nothing. A name must be defined before it is used,
 * and belongs to at most one group.
 */
export function parsePolicy(text: string): ParsedPolicy {
  if (text.length > MAX_POLICY_LENGTH) return { kind: 'refused', line: 1, reason: 'the policy is too long' }
  const parser = new PolicyParser()
  const lines = text.split('\n')
  for (const [i, line] of lines.entries()) {
    const words = line.trim().split(/[ \t]+/)
    if (words[0] === '' || words[0]?.startsWith('#') === true) continue
    const reason = parser.take(words)
    if (reason !== undefined) return { kind: 'refused', line: i + 1, reason }
  }
  const policy = parser.finish()
  return typeof policy === 'string'
    ? { kind: 'refused', line: lines.length, reason: policy }
    : { kind: 'policy', policy }
}

class PolicyParser {
  readonly #logs: VerifierKey[] = []
  readonly #names = new Map<string, Witness | Group>()
  readonly #grouped = new Set<string>()
  #quorum: string | undefined

  /** Takes one line, in words. @returns what is wrong with it. */
  take([keyword, ...words]: readonly string[]): string | undefined {
    if (keyword === 'log') return this.#log(words)
    if (keyword === 'witness') return this.#witness(words)
    if (keyword === 'group') return this.#group(words)
    if (keyword === 'quorum') return this.#takeQuorum(words)
    return 'a line begins with log, witness, group or quorum'
  }

  finish(): LogPolicy | string {
    const quorum = this.#quorum
    if (this.#logs.length === 0) return 'no log is named'
    if (quorum === undefined) return 'no quorum is named'
    const witnesses = [...this.#names.values()].flatMap((one) => ('key' in one ? [one.key] : []))
    return {
      logs: this.#logs.map((key) => createNoteVerifier(key)),
      witnesses: witnesses.map((key) => createCosignatureVerifier(key)),
      isMet: (cosignedBy) => quorum === 'none' || this.#isMet(quorum, cosignedBy),
    }
  }

  #isMet(name: string, cosignedBy: readonly string[]): boolean {
    const one = this.#names.get(name)
    if (one === undefined) return false
    if ('key' in one) return cosignedBy.includes(one.key.name)
    return one.members.filter((member) => this.#isMet(member, cosignedBy)).length >= one.threshold
  }

  #log([vkey, url, ...rest]: readonly string[]): string | undefined {
    const key = parseVerifierKey(vkey ?? '')
    if (key?.type !== SIGNATURE_TYPE.ed25519) return 'a log has an Ed25519 verifier key'
    if (rest.length > 0 || !isAddress(url)) return 'a log has a key and at most an address'
    this.#logs.push(key)
    return undefined
  }

  #witness([name, vkey, url, ...rest]: readonly string[]): string | undefined {
    const key = parseVerifierKey(vkey ?? '')
    if (key?.type !== SIGNATURE_TYPE.cosignature) return 'a witness has a name and a cosignature verifier key'
    if (rest.length > 0 || !isAddress(url)) return 'a witness has a name, a key and at most an address'
    // Two names for one key would be one witness twice.
    const isKnown = [...this.#names.values()].some((one) => 'key' in one && one.key.name === key.name)
    return isKnown ? 'this key is a witness already' : this.#name(name, { key })
  }

  #group([name, rule, ...members]: readonly string[]): string | undefined {
    if (members.length === 0) return 'a group has a name, a threshold and members'
    const threshold = rule === 'any' ? 1 : rule === 'all' ? members.length : Number(rule)
    if (!Number.isInteger(threshold) || threshold < 1 || threshold > members.length) {
      return 'a threshold is any, all, or a number from 1 to the number of members'
    }
    for (const member of members) {
      if (!this.#names.has(member)) return 'a member of a group must be defined before it'
      if (this.#grouped.has(member)) return 'a member belongs to one group, once'
      this.#grouped.add(member)
    }
    return this.#name(name, { threshold, members })
  }

  #takeQuorum([name, ...rest]: readonly string[]): string | undefined {
    if (name === undefined || rest.length > 0 || this.#quorum !== undefined) return 'there is one quorum, with one name'
    if (name !== 'none' && !this.#names.has(name)) return 'the quorum must be defined before it is named'
    this.#quorum = name
    return undefined
  }

  #name(name: string | undefined, value: Witness | Group): string | undefined {
    if (name === undefined || name === 'none' || this.#names.has(name)) return 'a name is given once, and is not none'
    this.#names.set(name, value)
    return undefined
  }
}

function isAddress(url: string | undefined): boolean {
  return url === undefined || /^https?:$/.test(URL.parse(url)?.protocol ?? '')
}
