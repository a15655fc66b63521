import { z } from 'zod'
import generated from './iod-types.generated.json' with { type: 'json' }

/**
 * IOD types behind the compound actions of table E.1-1 (X/Z, X/D, X/Z/D, Z/D): where PS3.3 makes an attribute type 1 or
 * type 2, removing it would break the object. The data comes from `generate.ts types`. An attribute that the modules of
 * an IOD do not require is type 3, and so is every attribute of a SOP class that is unknown or retired: it is removed,
 * which is the strictest choice that PS3.15 allows.
 */

const data = z
  .object({
    iods: z.number().int(),
    classes: z.record(z.string().regex(/^[0-9.]+$/), z.number().int()),
    types: z.record(z.string().regex(/^[0-9a-f]{8} [0-9a-f]{8}$/), z.string().regex(/^(?:\d+x[012](?: |$))+$/)),
  })
  .parse(generated)

const iodOf = new Map(Object.entries(data.classes))

const typesOf = new Map<number, Map<number, Uint8Array>>()
for (const [place, runs] of Object.entries(data.types)) {
  const [tag = 0, parent = 0] = place.split(' ').map((hex) => Number.parseInt(hex, 16))
  const types = Uint8Array.from(
    runs.split(' ').flatMap((run) => {
      const [length = 0, type = 0] = run.split('x').map(Number)
      return new Array<number>(length).fill(type)
    }),
  )
  const places = typesOf.get(tag) ?? new Map<number, Uint8Array>()
  typesOf.set(tag, places.set(parent, types))
}

/**
 * The type of an attribute in the IOD of a SOP class, conditional types as if their condition held: 1, 2, or 3 where
 * nothing requires it.
 * @param parent tag of the sequence that holds the attribute, 0 at the top.
 */
export function requiredType(tag: number, sopClassUid: string, parent = 0): 1 | 2 | 3 {
  const iod = iodOf.get(sopClassUid)
  if (iod === undefined) return 3
  const type = typesOf.get(tag)?.get(parent)?.[iod]
  return type === 1 || type === 2 ? type : 3
}

/** True for a SOP class whose IOD is known. */
export function isKnownClass(sopClassUid: string): boolean {
  return iodOf.has(sopClassUid)
}
