import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { canonicalJson, digestOf, type Logger, sha256Hex, writeFileAtomically } from '../foundation/index.ts'
import { UpdateStorageError } from './attacks.ts'
import {
  type HighWaterMarks,
  type HighWaterMarksState,
  highWaterMarksState,
  mergeMarks,
  NO_MARKS,
} from './high-water-marks.ts'

const COPIES = ['high-water-marks.a.json', 'high-water-marks.b.json'] as const
const sealed = z.strictObject({ marks: highWaterMarksState, digest: sha256Hex })

/**
 * Marks in two files, each with its digest, so that damage to one loses nothing. When both are unreadable the agent
 * starts from nothing and says so: the appliance keeps marks of its own and remains the guard.
 */
export class FileHighWaterMarks implements HighWaterMarks {
  readonly #folder: string
  readonly #logger: Logger

  constructor(options: { readonly folder: string; readonly logger: Logger }) {
    this.#folder = options.folder
    this.#logger = options.logger
  }

  async read(): Promise<HighWaterMarksState> {
    const copies = await Promise.all(COPIES.map((name) => this.#readCopy(name)))
    const readable = copies.filter((copy) => typeof copy === 'object')
    if (readable.length === 0 && copies.includes('damaged')) this.#logger.error('updates.marks-lost')
    return readable.reduce(mergeMarks, NO_MARKS)
  }

  /** @throws {UpdateStorageError} when neither can be made durable. */
  async raise(marks: HighWaterMarksState): Promise<void> {
    const merged = mergeMarks(await this.read(), highWaterMarksState.parse(marks))
    const data = JSON.stringify({ marks: merged, digest: digestOf(canonicalJson(merged)) })
    try {
      await mkdir(this.#folder, { recursive: true, mode: 0o700 })
      for (const name of COPIES) await writeFileAtomically(join(this.#folder, name), data)
    } catch (cause) {
      throw new UpdateStorageError('state-not-writable', cause)
    }
  }

  async #readCopy(name: string): Promise<HighWaterMarksState | 'absent' | 'damaged'> {
    try {
      const copy = sealed.parse(JSON.parse(await readFile(join(this.#folder, name), 'utf8')))
      return digestOf(canonicalJson(copy.marks)) === copy.digest ? copy.marks : 'damaged'
    } catch (error) {
      return error instanceof Error && 'code' in error && error.code === 'ENOENT' ? 'absent' : 'damaged'
    }
  }
}
