import { z } from 'zod'
import { TfjsError } from './errors.ts'

const integer = z.union([
  z.number().int(),
  z
    .string()
    .regex(/^-?[0-9]{1,15}$/)
    .transform(Number),
])
const list = z.looseObject({
  list: z.looseObject({ i: z.array(integer).max(64).optional(), s: z.array(z.string()).max(64).optional() }),
})
const numeric = z.looseObject({ f: z.number().optional(), i: integer.optional() })
const set = z.looseObject({ b: z.literal(true) })
const worded = z.looseObject({ s: z.string() })

/** The attributes of a node (AttrValue in the JSON mapping of protocol buffers: integers as text, bytes as base64). */
export interface Attributes {
  number(name: string): number | undefined
  flag(name: string): boolean
  text(name: string): string | undefined
  texts(name: string): readonly string[]
  list(name: string): readonly number[] | undefined
  /** A list for each axis without the first and last, which must be 1. @throws {TfjsError} */
  spatial(name: string): readonly number[]
}

/** Reads the attributes of a node; what has another type counts as absent. */
export function attributesOf(attr: Readonly<Record<string, unknown>>): Attributes {
  const integers = (name: string): readonly number[] | undefined => list.safeParse(attr[name]).data?.list.i
  return {
    number: (name) => {
      const { data } = numeric.safeParse(attr[name])
      return data?.f ?? data?.i
    },
    flag: (name) => set.safeParse(attr[name]).success,
    text: (name) => {
      const { data } = worded.safeParse(attr[name])
      return data === undefined ? undefined : decoded(data.s)
    },
    texts: (name) => (list.safeParse(attr[name]).data?.list.s ?? []).map(decoded),
    list: integers,
    spatial: (name) => {
      const values = integers(name)
      if (values === undefined || values.length < 3) throw new TfjsError('tfjs-malformed', `a node has no ${name}`)
      if (values[0] !== 1 || values.at(-1) !== 1) {
        throw new TfjsError('tfjs-unsupported', `${name} over the batch or the channels`)
      }
      return values.slice(1, -1)
    },
  }
}

function decoded(text: string): string {
  return Buffer.from(text, 'base64').toString('latin1')
}
