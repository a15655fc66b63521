import { digestOfJson, type JsonValue } from '@leadglass/sync-agent/foundation'
import { FACTS, type Fact, type Zone } from './facts.ts'

/** What ties a piece of evidence to something that can be checked again. */
export type Binding =
  /** The record itself and SHA-256 of its canonical JSON. */
  | { readonly kind: 'record'; readonly sha256: string; readonly content: JsonValue }
  /** An entry of a log as a C2SP tlog-proof: leaf, inclusion proof and signed checkpoint. */
  | { readonly kind: 'log-entry'; readonly log: string; readonly index: number; readonly proof: string }

/** One piece of evidence. It always has a source and a binding: without them it cannot be made. */
export interface Evidence {
  /** SHA-256 over all the rest. */
  readonly id: string
  readonly fact: Fact
  readonly zone: Zone
  /** Which table, log or file. */
  readonly source: string
  /** What it shows, in words. */
  readonly states: string
  readonly binding: Binding
}

/** Something that speaks against a fact, whatever else was found for it. */
export interface Finding {
  readonly fact: Fact
  readonly words: string
}

/** What the collectors found. */
export interface Collected {
  readonly evidence: readonly Evidence[]
  readonly findings: readonly Finding[]
}

/** Evidence that is a record: it is digested here, so digest and content cannot differ. */
export function recordEvidence(fact: Fact, source: string, states: string, content: JsonValue): Evidence {
  return identified({
    fact,
    zone: zoneOf(fact),
    source,
    states,
    binding: { kind: 'record', sha256: digestOfJson(content), content },
  })
}

/** Evidence that is an entry of a log. @param proof a C2SP tlog-proof with the leaf in it. */
export function entryEvidence(
  fact: Fact,
  states: string,
  entry: { readonly log: string; readonly index: number; readonly proof: string },
): Evidence {
  return identified({
    fact,
    zone: zoneOf(fact),
    source: `log ${entry.log}, entry ${entry.index}`,
    states,
    binding: { kind: 'log-entry', ...entry },
  })
}

/** The identifier that evidence must have. */
export function evidenceId(evidence: Omit<Evidence, 'id'>): string {
  const { fact, zone, source, states, binding } = evidence
  return digestOfJson({ fact, zone, source, states, binding: { ...binding } })
}

function identified(evidence: Omit<Evidence, 'id'>): Evidence {
  return { id: evidenceId(evidence), ...evidence }
}

function zoneOf(fact: Fact): Zone {
  const { source } = FACTS[fact]
  if (source.by === 'elsewhere') throw new TypeError(`${fact} can have no evidence here`)
  return source.zone
}
