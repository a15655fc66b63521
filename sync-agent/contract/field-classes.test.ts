import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, expectTypeOf, it } from 'vitest'
import type { z } from 'zod'
import { type EnvelopeBody, envelopeBody, instanceFeatures } from './bodies.ts'
import { FIELD_CLASS_OF, fieldClassesAsMarkdown } from './field-classes.ts'
import type { PatientPseudonym, StudyPseudonym } from './identifiers.ts'

const DOCUMENT = join(import.meta.dirname, '..', '..', 'docs', 'egress-fields.md')

interface Leaf {
  readonly path: string
  readonly schema: z.ZodType
}

/** Every field of a schema that holds no further fields. */
function leavesOf(schema: z.ZodType, path: string): Leaf[] {
  const def = schema.def as unknown as {
    readonly type: string
    readonly shape: Readonly<Record<string, z.ZodType>>
    readonly element: z.ZodType
    readonly keyType: z.ZodType
    readonly valueType: z.ZodType
    readonly innerType: z.ZodType
  }
  if (def.type === 'object') {
    return Object.entries(def.shape).flatMap(([name, field]) => leavesOf(field, path === '' ? name : `${path}.${name}`))
  }
  if (def.type === 'array') return leavesOf(def.element, `${path}[]`)
  if (def.type === 'record') return [...leavesOf(def.keyType, `${path}{}`), ...leavesOf(def.valueType, `${path}{}.`)]
  if (def.type === 'nullable' || def.type === 'optional') return leavesOf(def.innerType, path)
  return [{ path, schema }]
}

const BODIES = envelopeBody.options.map((option) => ({
  kind: option.shape.kind.value,
  leaves: leavesOf(option, ''),
}))
const LEAVES = BODIES.flatMap(({ kind, leaves }) => leaves.map((leaf) => ({ ...leaf, name: `${kind} ${leaf.path}` })))

/** What must never leave, in the forms in which it occurs. */
const FORBIDDEN: Readonly<Record<string, readonly string[]>> = {
  'a name': ['PHANTOM^ALPHA', 'Phantom, Alpha', 'Dr. Example'],
  'free text': ['no acute findings', 'Thorax p.a.', 'seen by the night shift; call back'],
  'a date': ['20260105', '2026-01-05', '2026-01-05T10:00:00Z', '05/01/2026'],
  'a UID': ['1.2.840.10008.5.1.4.1.1.1.1', '2.25.329800735698586629295641978511506172918'],
  'a number of a patient': ['4711-0815', '0004711', 'MRN 12345'],
}

describe('the classes of fields', () => {
  it.each(BODIES)('$kind: every field is classed, and nothing else is', ({ kind, leaves }) => {
    expect(leaves.map((leaf) => leaf.path).sort()).toEqual(Object.keys(FIELD_CLASS_OF[kind]).sort())
  })

  it('are in the documentation (written anew by: vitest run -u)', async () => {
    await expect(fieldClassesAsMarkdown()).toMatchFileSnapshot(DOCUMENT)
  })
})

describe('what has no place in an envelope', () => {
  it.each(Object.entries(FORBIDDEN))('%s fits into no field', (_what, values) => {
    // Bytes in base64 are text too: the door decodes each leaf of the log before it leaves.
    for (const { name, schema } of LEAVES.filter(({ path }) => path !== 'leaf')) {
      for (const value of values) expect(schema.safeParse(value).success, `${name} takes ${value}`).toBe(false)
    }
  })

  it('a digest of pixels fits only where a model package is named, or as bytes where bytes stand', () => {
    const digest = 'ab'.repeat(32)
    // The box computes these digests itself: over settings, over what it reports, over digests of envelopes that left.
    const proving: readonly string[] = ['reported-state', 'epoch-root']
    const proofs = BODIES.filter(({ kind }) => proving.includes(kind)).flatMap(({ kind }) =>
      Object.entries(FIELD_CLASS_OF[kind]).flatMap(([path, name]) => (name === 'proof' ? [`${kind} ${path}`] : [])),
    )
    const isProof = ({ name }: { readonly name: string }): boolean => proofs.includes(name)
    const others = BODIES.filter(({ kind }) => !proving.includes(kind))
    expect(others.some(({ kind }) => Object.values(FIELD_CLASS_OF[kind]).includes('proof'))).toBe(false)
    const taking = LEAVES.filter((leaf) => !isProof(leaf) && leaf.schema.safeParse(digest).success).map(({ path }) =>
      path.replace(/^.*model\..*$/, 'model'),
    )
    // The two fields of bytes: a vector, whose length the scoring compares with the model's, and a leaf of the log, which
    // the door decodes before it leaves.
    expect(new Set(taking)).toEqual(new Set(['model', 'embedding', 'leaf']))
  })

  it('no text with a space or a control character fits anywhere', () => {
    const text = fc.tuple(fc.string({ minLength: 1 }), fc.constantFrom(' ', '\n', '\0'), fc.string({ minLength: 1 }))
    fc.assert(
      fc.property(text, (parts) => {
        for (const { schema } of LEAVES) expect(schema.safeParse(parts.join('')).success).toBe(false)
      }),
      { numRuns: 200 },
    )
  })

  it('a member that the schema does not name cannot be added', () => {
    for (const option of envelopeBody.options) {
      const parsed = option.safeParse({ kind: option.shape.kind.value, patientName: 'PHANTOM^ALPHA' })
      expect(parsed.error?.issues.some((issue) => issue.code === 'unrecognized_keys')).toBe(true)
    }
  })
})

describe('the types', () => {
  it('take pseudonyms only from where they are made: no string is one', () => {
    expectTypeOf<string>().not.toExtend<StudyPseudonym>()
    expectTypeOf<PatientPseudonym>().not.toExtend<StudyPseudonym>()
    expectTypeOf<StudyPseudonym>().not.toExtend<PatientPseudonym>()
    type Features = Extract<EnvelopeBody, { kind: 'instance-features' }>
    expectTypeOf<Features['acquisition']['modality']>().not.toEqualTypeOf<string>()
    expectTypeOf<Features>().not.toHaveProperty('patientName')
    expectTypeOf<Features>().not.toHaveProperty('studyInstanceUid')
    expectTypeOf<Features>().not.toHaveProperty('pixelDigest')
    expect(instanceFeatures.shape.study.safeParse('1.2.840.113619.2.1').success).toBe(false)
  })
})
