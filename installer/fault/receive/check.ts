/** One object as its sender knows it. */
export interface InstanceOutcome {
  readonly sopInstanceUid: string
  /** SHA-256 of the data set that was sent, in hexadecimal. */
  readonly contentDigest: string
  /** True when a C-STORE-RSP with status 0000H was read for it, however often it was sent. */
  readonly acknowledged: boolean
}

/** One entry of what the product says it holds. */
export interface HeldInstance {
  readonly sopInstanceUid: string
  /** SHA-256 of the data set as the product gives it back; `undefined` when it cannot be read. */
  readonly contentDigest: string | undefined
}

/** The verdict on one history; each list holds SOP Instance UIDs, each of them once. */
export interface Verdict {
  readonly acknowledged: number
  /** Acknowledged, held, and every byte as it was sent. */
  readonly recovered: number
  /** Acknowledged, and not held, or not with a content that can be read. */
  readonly lost: readonly string[]
  /** Held with another content than was sent, or, never acknowledged, with none that can be read. */
  readonly altered: readonly string[]
  /** Held more than once. */
  readonly doubled: readonly string[]
  /** Held although nobody sent it. */
  readonly unexpected: readonly string[]
  /** Held although it was never acknowledged: allowed, the answer may have been lost on its way. */
  readonly keptUnacknowledged: number
}

/** Compares what a sender was told with what the product holds after its restart. */
export function checkHistory(sent: readonly InstanceOutcome[], held: readonly HeldInstance[]): Verdict {
  const entries = Map.groupBy(held, (entry) => entry.sopInstanceUid)
  const lost: string[] = []
  const altered: string[] = []
  let recovered = 0
  let keptUnacknowledged = 0
  for (const { sopInstanceUid, contentDigest, acknowledged } of sent) {
    const found = entries.get(sopInstanceUid) ?? []
    const intact = found.length > 0 && found.every((entry) => entry.contentDigest === contentDigest)
    const readable = found.some((entry) => entry.contentDigest !== undefined)
    if (acknowledged && !readable) lost.push(sopInstanceUid)
    else if (found.length > 0 && !intact) altered.push(sopInstanceUid)
    else if (acknowledged) recovered += 1
    else if (found.length > 0) keptUnacknowledged += 1
  }
  const known = new Set(sent.map((entry) => entry.sopInstanceUid))
  return {
    acknowledged: sent.filter((entry) => entry.acknowledged).length,
    recovered,
    lost,
    altered,
    doubled: [...entries].filter(([, found]) => found.length > 1).map(([uid]) => uid),
    unexpected: [...entries.keys()].filter((uid) => !known.has(uid)),
    keptUnacknowledged,
  }
}

/** True when nothing was lost, altered, doubled or made up. */
export function isSound(verdict: Verdict): boolean {
  const { lost, altered, doubled, unexpected } = verdict
  return lost.length + altered.length + doubled.length + unexpected.length === 0
}
