import type { z } from 'zod'
import { writeFileAtomically } from '../foundation/index.ts'
import { readBoundedFile } from './bounded-file.ts'
import { EXCHANGE_FILE_MODE } from './paths.ts'

export type JsonFileRead<T> =
  | { readonly kind: 'value'; readonly value: T }
  | { readonly kind: 'absent' }
  /** Something is there and it is not what it should be; the other side must write it again. */
  | { readonly kind: 'damaged' }

/** One JSON document of the exchange folder: replaced whole and atomically by its writer, checked by its reader. */
export class JsonFile<T> {
  readonly path: string
  readonly #schema: z.ZodType<T>
  readonly #maxBytes: number

  constructor(path: string, schema: z.ZodType<T>, maxBytes: number) {
    this.path = path
    this.#schema = schema
    this.#maxBytes = maxBytes
  }

  async read(): Promise<JsonFileRead<T>> {
    const read = await readBoundedFile(this.path, this.#maxBytes)
    if (read.kind === 'absent') return read
    if (read.kind === 'refused') return { kind: 'damaged' }
    try {
      const parsed = this.#schema.safeParse(JSON.parse(Buffer.from(read.bytes).toString('utf8')))
      return parsed.success ? { kind: 'value', value: parsed.data } : { kind: 'damaged' }
    } catch {
      return { kind: 'damaged' }
    }
  }

  /** @throws {z.ZodError} when the value is not what the schema says: a defect of the writer. */
  async write(value: T): Promise<void> {
    const text = `${JSON.stringify(this.#schema.parse(value))}\n`
    await writeFileAtomically(this.path, text, EXCHANGE_FILE_MODE)
  }
}
