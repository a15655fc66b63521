import { modelReference, vocabularyCode } from '@leadglass/sync-agent/contract'
import { canonicalJson, digestOf, type Sha256Hex, sha256Hex } from '@leadglass/sync-agent/foundation'
import { z } from 'zod'
import type { ExplanationContent } from '../scoring/index.ts'
import { ExplanationError } from './errors.ts'

const SCHEMA = 'leadglass.explanation/1'

const count = z.number().int().min(0)
const figure = z.number().min(-1e9).max(1e9)
const bytes = z.base64().max(200_000)

/** Numbers are kept as bytes, least significant first: float32 of a map, float64 of contributions. */
const kept = z.discriminatedUnion('method', [
  z.strictObject({
    method: z.literal('occlusion'),
    rows: count.min(1).max(64),
    columns: count.min(1).max(64),
    passes: count.min(1),
    values: bytes,
  }),
  z.strictObject({
    method: z.enum(['linear', 'tree']),
    expected: figure,
    total: figure,
    link: z.array(z.string().max(40)).max(16),
    contributions: bytes,
  }),
])

/** Everything that an explanation says, and everything that it is bound to. */
const explanation = z.strictObject({
  schema: z.literal(SCHEMA),
  resultId: count,
  instanceId: count,
  /** SHA-256 of the object as it was received. */
  objectDigest: sha256Hex,
  frame: count,
  /** SHA-256 of the frame's stored values. */
  pixelDigest: sha256Hex,
  imageRows: count,
  imageColumns: count,
  model: modelReference,
  code: vocabularyCode,
  asked: z.enum(['occlusion', 'attribution']),
  score: figure,
  /** Names of the features, where the model names them. */
  features: z.array(z.string().max(64)).max(1024).optional(),
  content: kept,
})
export type Explanation = Omit<z.infer<typeof explanation>, 'content' | 'schema'> & {
  readonly content: ExplanationContent
}

/** The one byte form of an explanation, and its digest. */
export function sealExplanation({ content, features, ...bound }: Explanation): {
  readonly bytes: Uint8Array
  readonly digest: Sha256Hex
} {
  const named = features === undefined ? {} : { features }
  const own =
    content.method === 'occlusion'
      ? { ...content, values: base64Of(content.values) }
      : { ...content, contributions: base64Of(content.contributions) }
  const sealed = new TextEncoder().encode(canonicalJson({ schema: SCHEMA, ...named, ...bound, content: own }))
  return { bytes: sealed, digest: digestOf(sealed) }
}

/**
 * Reads an explanation back.
 * @throws {ExplanationError} `explanation-tampered` when the bytes are not those of the digest, or no explanation.
 */
export function openExplanation(sealed: Uint8Array, digest: string): Explanation {
  if (digestOf(sealed) !== digest) throw new ExplanationError('explanation-tampered', 'digest')
  try {
    const { schema: _, content, ...bound } = explanation.parse(JSON.parse(new TextDecoder().decode(sealed)))
    return { ...bound, content: contentOf(content) }
  } catch {
    throw new ExplanationError('explanation-tampered', 'form')
  }
}

function contentOf(own: z.infer<typeof kept>): ExplanationContent {
  if (own.method === 'occlusion') {
    const values = new Float32Array(bufferOf(own.values))
    if (values.length !== own.rows * own.columns) throw new RangeError('another size')
    return { ...own, values }
  }
  return { ...own, contributions: new Float64Array(bufferOf(own.contributions)) }
}

function base64Of(values: Float32Array | Float64Array): string {
  return Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString('base64')
}

function bufferOf(text: string): ArrayBuffer {
  return Uint8Array.from(Buffer.from(text, 'base64')).buffer
}
