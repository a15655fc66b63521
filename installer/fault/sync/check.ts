/** One envelope in a history: where it stands, and what it is. */
export interface HistoryEntry {
  readonly device: string
  readonly epoch: number
  readonly stream: string
  readonly sequence: number
  /** SHA-256 over position and body. */
  readonly digest: string
  /** SHA-256 over the body alone: the same effect under two positions has it twice. */
  readonly content: string
}

/** What the hub holds. */
export interface HubHistory {
  /** Effects in the order of their commits, digests recomputed from the tables of effects. */
  readonly effects: readonly HistoryEntry[]
  /** Accepted envelopes whose effect is missing or cannot be read. */
  readonly unreadable: readonly Omit<HistoryEntry, 'digest' | 'content'>[]
  /** Rows of effects that belong to no accepted envelope. */
  readonly orphans: number
  /** Copies that the hub recognised and dropped. */
  readonly duplicatesDropped: number
}

/** What came of a run. Lists name positions, for the note of a failed run. */
export interface Verdict {
  readonly sent: number
  readonly received: number
  /** Sealed and not in the hub's effects. */
  readonly lost: readonly string[]
  /** Effects that took place more than once. */
  readonly doubled: readonly string[]
  /** At the hub with another content than was sealed. */
  readonly altered: readonly string[]
  /** At the hub and never sealed. */
  readonly unexpected: readonly string[]
  /** Committed before an earlier one of the same stream. */
  readonly outOfOrder: readonly string[]
  /** Told as committed by the source, and not in its records afterwards. */
  readonly forgotten: readonly string[]
  /** Caught on their way by a fault, and at the hub in the end. */
  readonly recovered: number
  readonly duplicatesDropped: number
}

/** The name of a position. */
export function positionOf(entry: Pick<HistoryEntry, 'device' | 'epoch' | 'stream' | 'sequence'>): string {
  return `${entry.device}/${entry.epoch}/${entry.stream}/${entry.sequence}`
}

/**
 * Compares what was sealed with what took effect.
 * @param sealed the source's durable records.
 * @param told positions (as `positionOf` names them) and digests that the source told after its commits.
 * @param caught positions that were on their way when a fault began.
 */
export function checkHistory(
  sealed: readonly HistoryEntry[],
  hub: HubHistory,
  told: ReadonlyMap<string, string>,
  caught: ReadonlySet<string>,
): Verdict {
  const source = new Map(sealed.map((entry) => [positionOf(entry), entry]))
  const effects = new Map<string, HistoryEntry>()
  const doubled = Array.from({ length: hub.orphans }, () => 'an effect without an envelope')
  const contents = new Map<string, number>()
  for (const { content } of sealed) contents.set(content, (contents.get(content) ?? 0) + 1)
  const outOfOrder: string[] = []
  const last = new Map<string, number>()
  for (const effect of hub.effects) {
    const name = positionOf(effect)
    const left = (contents.get(effect.content) ?? 0) - 1
    contents.set(effect.content, left)
    const isSecond = effects.has(name)
    // A content that was sealed once and stands there twice is one effect too many, whatever its position says.
    if (isSecond || (left < 0 && hasContent(sealed, effect, source))) doubled.push(name)
    effects.set(name, effect)
    const stream = `${effect.device}/${effect.epoch}/${effect.stream}`
    if (effect.sequence !== (last.get(stream) ?? 0) + 1) outOfOrder.push(name)
    last.set(stream, Math.max(last.get(stream) ?? 0, effect.sequence))
  }
  const names = [...source.keys()]
  return {
    sent: sealed.length,
    received: hub.effects.length,
    lost: names.filter((name) => !effects.has(name)),
    doubled,
    altered: names.filter((name) => effects.has(name) && effects.get(name)?.digest !== source.get(name)?.digest),
    unexpected: [...effects.keys()].filter((name) => !source.has(name)),
    outOfOrder,
    forgotten: [...told].filter(([name, digest]) => source.get(name)?.digest !== digest).map(([name]) => name),
    recovered: [...caught].filter((name) => effects.has(name)).length,
    duplicatesDropped: hub.duplicatesDropped,
  }
}

/** True when a content was sealed at all; one that never was is unexpected, not doubled. */
function hasContent(
  sealed: readonly HistoryEntry[],
  effect: HistoryEntry,
  source: ReadonlyMap<string, HistoryEntry>,
): boolean {
  return (
    source.get(positionOf(effect))?.content === effect.content || sealed.some((one) => one.content === effect.content)
  )
}

/** True when nothing was lost, doubled, altered, made up, forgotten or put out of order. */
export function isSound(verdict: Verdict): boolean {
  const { lost, doubled, altered, unexpected, outOfOrder, forgotten } = verdict
  return [lost, doubled, altered, unexpected, outOfOrder, forgotten].every((list) => list.length === 0)
}
