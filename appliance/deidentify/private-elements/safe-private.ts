import { z } from 'zod'
import generated from '../table/safe-private.generated.json' with { type: 'json' }

/** A row of table E.3.10-1: a private attribute that is known to be safe. */
export interface SafePrivate {
  /** Group, and the low byte of the element number. */
  readonly group: number
  readonly element: number
  readonly creator: string
  readonly vr: string
  readonly meaning: string
}

const data = z
  .object({
    edition: z.string(),
    rows: z.array(z.tuple([z.string().regex(/^[0-9a-f]{6}$/), z.string(), z.string().regex(/^[A-Z]{2}$/), z.string()])),
  })
  .parse(generated)

/** The edition of table E.3.10-1. */
export const SAFE_PRIVATE_EDITION = data.edition

/** All rows of table E.3.10-1 that have a VR. */
export const SAFE_PRIVATE: readonly SafePrivate[] = data.rows.map(([tag, creator, vr, meaning]) => ({
  group: Number.parseInt(tag.slice(0, 4), 16),
  element: Number.parseInt(tag.slice(4), 16),
  creator,
  vr,
  meaning,
}))

const byPlace = new Map(SAFE_PRIVATE.map((row) => [keyOf(row.group, row.element, row.creator), row]))

/**
 * The row of a private element; `undefined` where it is not known to be safe.
 * @param tag of the element, in whatever block. @param creator of that block (PS3.5 7.8.1).
 */
export function safePrivate(tag: number, creator: string): SafePrivate | undefined {
  return byPlace.get(keyOf(tag >>> 16, tag & 0xff, creator.trim()))
}

function keyOf(group: number, element: number, creator: string): string {
  return `${group} ${element} ${creator}`
}
