/** The studies of a model name are spread over so many slots; a share is a number of them. */
export const SLOTS = 1000

/** Slots `from` to `to`, the last not included. */
export interface SlotRange {
  readonly from: number
  readonly to: number
}

/** How many slots these are: the share in permille. */
export function shareOf(ranges: readonly SlotRange[]): number {
  return ranges.reduce((sum, { from, to }) => sum + to - from, 0)
}

/** Whether a slot is one of these. */
export function holdsSlot(ranges: readonly SlotRange[], slot: number): boolean {
  return ranges.some(({ from, to }) => slot >= from && slot < to)
}

/**
 * The slots of a version whose share becomes another: one that grows keeps all of its own and takes the lowest free, one
 * that shrinks gives its highest back. Nobody else's slots move, so a study moves only between this version and the one
 * in use.
 * @param own what it has now. @param taken what the other versions have. @returns `undefined`: so many are not free.
 */
export function resize(
  own: readonly SlotRange[],
  taken: readonly SlotRange[],
  permille: number,
): readonly SlotRange[] | undefined {
  const slots = Array.from({ length: SLOTS }, (_, slot) => slot)
  const held = slots.filter((slot) => holdsSlot(own, slot))
  const free = slots.filter((slot) => !holdsSlot(own, slot) && !holdsSlot(taken, slot))
  if (permille > held.length + free.length) return undefined
  const chosen = [...held.slice(0, permille), ...free.slice(0, Math.max(0, permille - held.length))]
  return rangesOf(chosen.toSorted((a, b) => a - b))
}

function rangesOf(slots: readonly number[]): SlotRange[] {
  const ranges: SlotRange[] = []
  for (const slot of slots) {
    const last = ranges.at(-1)
    if (last?.to === slot) ranges[ranges.length - 1] = { from: last.from, to: slot + 1 }
    else ranges.push({ from: slot, to: slot + 1 })
  }
  return ranges
}
