import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'

/**
 * Writes `iod-types.generated.json`, the types of attributes with a compound action in every IOD, from a
 * folder that holds `sops.json`, `ciods.json`, `attributes.json` and `confidentiality_profile_attributes.json`
 * of innolitics/dicom-standard (MIT licence) and `module_attribute_map.json` and `iod_module_map.json` of highdicom (MIT
 * licence). Only facts of PS3.3 and PS3.4 are taken: which module of which IOD gives which attribute which type.
 */
const SOURCE =
  'innolitics/dicom-standard at 7f4749d09ed3ef2fa70637d376d423a4b13523cd and highdicom 0.28.2, both MIT licence'

const named = z.array(z.looseObject({ id: z.string(), name: z.string() }))
const sops = z.array(z.looseObject({ id: z.string(), ciod: z.string() }))
const attributes = z.array(z.looseObject({ id: z.string(), keyword: z.string() }))
const rows = z.array(z.looseObject({ id: z.string(), basicProfile: z.string() }))
const modules = z.record(
  z.string(),
  z.array(z.object({ keyword: z.string(), type: z.string().nullable(), path: z.array(z.string()) })),
)
const iods = z.record(z.string(), z.array(z.looseObject({ key: z.string() })))

/** A conditional type counts as required: a dummy or an empty value does no harm where the condition does not hold. */
const TYPES: Readonly<Record<string, 1 | 2>> = { '1': 1, '1C': 1, '2': 2, '2C': 2 }

/** Writes `iod-types.generated.json`. @param folder with the files that are named above. */
export function generateTypes(folder: string): void {
  const read = <T>(name: string, schema: z.ZodType<T>): T =>
    schema.parse(JSON.parse(readFileSync(join(folder, name), 'utf8')))
  const tagOf = new Map(
    read('attributes.json', attributes).map(({ id, keyword }) => [keyword, id.toLowerCase()] as const),
  )
  const compound = new Set(
    read('confidentiality_profile_attributes.json', rows)
      .filter(({ basicProfile }) => basicProfile.includes('/'))
      .map(({ id }) => id),
  )
  const attributesOf = read('module_attribute_map.json', modules)
  const modulesOf = read('iod_module_map.json', iods)
  const idOf = new Map(read('ciods.json', named).map(({ id, name }) => [name, id] as const))
  const classes = read('sops.json', sops).flatMap(({ id, ciod }) => {
    const iod = idOf.get(ciod)
    return iod === undefined || modulesOf[iod] === undefined ? [] : [{ id, iod }]
  })
  const used = [...new Set(classes.map(({ iod }) => iod))]
  const types = new Map<string, (0 | 1 | 2)[]>()
  for (const [index, iod] of used.entries())
    for (const { key } of modulesOf[iod] ?? [])
      for (const { keyword, type, path } of attributesOf[key] ?? []) {
        const tag = tagOf.get(keyword) ?? ''
        const found = TYPES[type ?? '']
        if (found === undefined || !compound.has(tag)) continue
        const within = path.length === 0 ? '00000000' : (tagOf.get(path.at(-1) ?? '') ?? '')
        const place = `${tag} ${within}`
        const row = types.get(place) ?? new Array<0 | 1 | 2>(used.length).fill(0)
        types.set(place, row)
        const before = row[index] ?? 0
        row[index] = before === 1 ? 1 : found
      }
  const classLines = classes.map(({ id, iod }) => `    ${JSON.stringify(id)}: ${used.indexOf(iod)}`)
  const typeLines = [...types]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([place, row]) => `    ${JSON.stringify(place)}: ${JSON.stringify(runs(row))}`)
  const head = JSON.stringify({ source: SOURCE, iods: used.length }, null, 2).slice(0, -2)
  writeFileSync(
    join(import.meta.dirname, 'iod-types.generated.json'),
    `${head},\n  "classes": {\n${classLines.join(',\n')}\n  },\n  "types": {\n${typeLines.join(',\n')}\n  }\n}\n`,
  )
}

/** Types of the IODs in order as runs: `12x0 3x1` is twelve without, then three of type 1. */
function runs(row: readonly number[]): string {
  const parts: { type: number; length: number }[] = []
  for (const type of row) {
    const last = parts.at(-1)
    if (last?.type === type) last.length += 1
    else parts.push({ type, length: 1 })
  }
  return parts.map(({ type, length }) => `${length}x${type}`).join(' ')
}
