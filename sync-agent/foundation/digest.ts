import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { z } from 'zod'
import { canonicalJson, type JsonValue } from './canonical-json.ts'

/** SHA-256 as 64 lower-case hexadecimal digits. */
export const sha256Hex = z
  .string()
  .regex(/^[0-9a-f]{64}$/)
  .brand<'Sha256Hex'>()
export type Sha256Hex = z.infer<typeof sha256Hex>

/** SHA-256 of bytes or of a UTF-8 string. */
export function digestOf(data: Uint8Array | string): Sha256Hex {
  return createHash('sha256').update(data).digest('hex') as Sha256Hex
}

/** SHA-256 of the canonical JSON form of a value. */
export function digestOfJson(value: JsonValue): Sha256Hex {
  return digestOf(canonicalJson(value))
}

/** SHA-256 of a file, streamed. */
export async function digestOfFile(path: string): Promise<Sha256Hex> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(path)) hash.update(chunk as Uint8Array)
  return hash.digest('hex') as Sha256Hex
}
