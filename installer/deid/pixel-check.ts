import { randomUUID } from 'node:crypto'
import { rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { EgressVerifier, PixelRisk } from '@leadglass/appliance/deidentify'
import { silentLogger } from '@leadglass/sync-agent/foundation'
import {
  cleanObject,
  hasPixels,
  PIXEL_READER_LIMITS,
  type PixelReading,
  ReaderPool,
  showsFace,
} from '../../appliance/pixel-text/index.ts'
import type { DecidedIdentities } from './deidentify-object.ts'
import { makeTemporaryFolder } from './temporary-folder.ts'

/**
 * What happens to pixels before they are written.
 * - `read`: every frame of every object is read; what identifies is masked, doubt holds the object.
 * - `table`: the same for the classes of object that may show text; the others are written as they are.
 * - `reviewed`: a person has looked at all pixels; nothing is read.
 */
export type PixelMode = 'read' | 'table' | 'reviewed'
export const PIXEL_MODES: readonly PixelMode[] = ['read', 'table', 'reviewed']

/** A de-identified object and the one that it was made of. */
export interface CheckedObject extends DecidedIdentities {
  readonly pixelRisk: PixelRisk
}

/** `as-it-is`: the object may be written unchanged; `changed`: these bytes instead, which the verifier has read. */
export type PixelVerdict =
  | { readonly kind: 'as-it-is' }
  | { readonly kind: 'changed'; readonly chunks: readonly Uint8Array[] }
  | { readonly kind: 'held'; readonly reason: string }

const PROGRAM_ROOT = resolve(import.meta.dirname, '..', '..')

/** Reads and masks the pixels of one share of a run, in a process and a temporary folder of its own. */
export class PixelCheck {
  readonly #mode: PixelMode
  readonly #heads: boolean
  readonly #verifier: Pick<EgressVerifier, 'verifyObject'>
  #folder: string | undefined
  #reader: ReaderPool | undefined
  readonly #around: (reader: PixelReading) => Pick<PixelReading, 'read' | 'mask'>

  /** @param around what stands before the reader, such as a memory of what was read. */
  constructor(
    { pixels, heads }: { readonly pixels: PixelMode; readonly heads: boolean },
    verifier: Pick<EgressVerifier, 'verifyObject'>,
    around: (reader: PixelReading) => Pick<PixelReading, 'read' | 'mask'> = (reader) => reader,
  ) {
    this.#mode = pixels
    this.#heads = heads
    this.#verifier = verifier
    this.#around = around
  }

  /** True when the pixels must be read: the object is then wanted as a file of `newFile`. */
  isNeeded({ pixelRisk, original }: Pick<CheckedObject, 'pixelRisk' | 'original'>): boolean {
    const byMode = this.#mode === 'read' || (this.#mode === 'table' && pixelRisk !== 'none')
    return byMode && hasPixels(original)
  }

  /** Why the object must not be written although nothing was read of it. */
  reasonUnread({ original }: Pick<CheckedObject, 'original'>): string | undefined {
    return this.#mode !== 'reviewed' && !this.#heads && showsFace(original) ? 'pixels.recognisable-features' : undefined
  }

  /** A name that is free in the folder that the reader sees. */
  newFile(): string {
    this.#folder ??= makeTemporaryFolder()
    return join(this.#folder, randomUUID())
  }

  /** Reads the de-identified object. @param chunks its bytes, or the path of a file of `newFile`, which is removed. */
  async check(chunks: readonly Uint8Array[] | string, object: CheckedObject): Promise<PixelVerdict> {
    const reason = this.reasonUnread(object)
    if (reason !== undefined) return { kind: 'held', reason }
    if (!this.isNeeded(object)) return { kind: 'as-it-is' }
    const used = [typeof chunks === 'string' ? chunks : this.newFile()]
    const [file = ''] = used
    try {
      if (typeof chunks !== 'string') writeFileSync(file, Buffer.concat(chunks), { mode: 0o600, flag: 'wx' })
      const newTarget = (): string => {
        const target = this.newFile()
        used.push(target)
        return target
      }
      const { pixelRisk: risk, identifiers, mayNotStay, original } = object
      const rules = { exportHeads: this.#heads, safeWords: [], devices: [] }
      const cleaned = await cleanObject(
        { file, newTarget, risk, identifiers, original },
        this.#around(await this.#started()),
        rules,
      )
      if (cleaned.kind === 'without-pixels') return { kind: 'as-it-is' }
      if (cleaned.kind === 'hold') return { kind: 'held', reason: `pixels.${cleaned.reason}` }
      const verdict = this.#verifier.verifyObject(cleaned.chunks, mayNotStay)
      if (verdict.kind === 'clean') return { kind: 'changed', chunks: cleaned.chunks }
      return { kind: 'held', reason: verdict.kind === 'hit' ? `verifier-hit.${verdict.rule}` : 'verifier-error' }
    } finally {
      for (const name of used) rmSync(name, { force: true })
    }
  }

  async close(): Promise<void> {
    await this.#reader?.stop()
    if (this.#folder !== undefined) rmSync(this.#folder, { recursive: true, force: true })
  }

  async #started(): Promise<ReaderPool> {
    if (this.#reader !== undefined) return this.#reader
    this.newFile()
    const options = { programRoot: PROGRAM_ROOT, limits: PIXEL_READER_LIMITS, logger: silentLogger }
    this.#reader = new ReaderPool({ ...options, workFolder: this.#folder ?? '' }, 1)
    await this.#reader.start()
    return this.#reader
  }
}
