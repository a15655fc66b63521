import { createHmac } from 'node:crypto'
import { closeSync, fstatSync, openSync, readSync, rmSync, writeSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import {
  type DeidentifiedFacts,
  Deidentifier,
  type DeidentifyProfile,
  deriveSiteKeys,
  EgressVerifier,
  fileSource,
} from '@leadglass/appliance/deidentify'
import type { DataSet } from '@leadglass/appliance/imaging'
import { BatchedWriter, type PendingFile } from './batched-writer.ts'
import { decideObject, decideStream } from './deidentify-object.ts'
import { type CheckedObject, PixelCheck, type PixelMode } from './pixel-check.ts'

/** What a run did, without a word that identifies anyone. */
export interface DeidentifyReport {
  readonly files: number
  readonly deidentified: number
  /** Files that an earlier run had finished with. */
  readonly skipped: number
  /** Bytes that were read. */
  readonly bytes: number
  /** Count of each action code of PS3.15 Table E.1-1 over all objects. */
  readonly actions: Readonly<Record<string, number>>
  /** Files that were not written, by number in the sorted list, and why. File names may identify, so they stay out. */
  readonly quarantined: readonly { readonly file: number; readonly reason: string }[]
}

/** What a share of a run needs to know; it can be sent to a thread. */
export interface ShareOptions {
  readonly output: string
  /** 32 bytes: equal secrets give equal pseudonyms. */
  readonly secret: Uint8Array
  readonly profile: DeidentifyProfile
  readonly dryRun: boolean
  /** What happens to pixels before they are written. */
  readonly pixels: PixelMode
  /** CT and MR volumes of heads are written although a face can be made of them. */
  readonly heads: boolean
  /** Marks of what earlier runs finished; `undefined` where no record is kept. */
  readonly done: ReadonlySet<string> | undefined
}

/** Told while a share goes on. */
export interface ShareEvents {
  readonly onFile: (bytes: number) => void
  /** These files are durable. */
  readonly onDurable: (marks: readonly string[]) => void
}

/** Larger files are read, cleaned, verified and written in pieces. */
const WHOLE_UP_TO_BYTES = 16 * 2 ** 20

/** One share of a run: it takes files one after the other and says at the end what it did. */
export class Share {
  readonly #options: ShareOptions
  readonly #events: ShareEvents
  readonly #deidentifier: Deidentifier
  readonly #verifier: EgressVerifier
  readonly #writer: BatchedWriter
  readonly #pixels: PixelCheck
  readonly #actions: Record<string, number> = {}
  readonly #quarantined: { file: number; reason: string }[] = []
  #memory = Buffer.alloc(0)
  #files = 0
  #deidentified = 0
  #skipped = 0
  #bytes = 0

  constructor(options: ShareOptions, events: ShareEvents) {
    this.#options = options
    this.#events = events
    this.#deidentifier = new Deidentifier({ keys: deriveSiteKeys(options.secret), profile: options.profile })
    const allowsPrivate = options.profile.options?.includes('retain-safe-private') ?? false
    this.#verifier = new EgressVerifier({ allowsPrivate })
    this.#writer = new BatchedWriter(events.onDurable)
    this.#pixels = new PixelCheck(options, this.#verifier)
  }

  /** De-identifies a file; one call ends before the next begins. @param index its number in the run. */
  async takeFile(index: number, path: string): Promise<void> {
    const bytes = this.#readWhole(path)
    if (bytes !== undefined) return this.takeBytes(index, bytes)
    const handle = await open(path, 'r')
    const { size } = await handle.stat()
    try {
      await this.#takeLarge(index, fileSource(handle, size))
    } finally {
      await handle.close()
    }
  }

  /** De-identifies a file whose bytes are here. */
  async takeBytes(index: number, bytes: Uint8Array): Promise<void> {
    const { done, secret } = this.#options
    const mark = done === undefined ? undefined : createHmac('sha256', secret).update(bytes).digest('base64url')
    if (mark !== undefined && done?.has(mark) === true) this.#skipped += 1
    else {
      const decision = decideObject(this.#deidentifier, this.#verifier, bytes)
      if (decision.kind === 'held') this.hold(index, decision.reason)
      else {
        const { facts, chunks, people } = decision
        const written = await this.#checked(index, chunks, { ...people, pixelRisk: facts.pixelRisk })
        if (written !== undefined) await this.#write(index, written, facts, mark)
      }
    }
    this.#finished(bytes.length)
  }

  /** A file that cannot be taken at all. */
  hold(index: number, reason: string): void {
    this.#quarantined.push({ file: index, reason })
  }

  /** A file that was held before its bytes were read. */
  refuse(index: number, reason: string): void {
    this.hold(index, reason)
    this.#finished(0)
  }

  /** Ends the reader of pixels. */
  close(): Promise<void> {
    return this.#pixels.close()
  }

  /** Everything is durable when this resolves. */
  async finish(): Promise<DeidentifyReport> {
    await this.#writer.finish()
    return {
      files: this.#files,
      deidentified: this.#deidentified,
      skipped: this.#skipped,
      bytes: this.#bytes,
      actions: this.#actions,
      quarantined: this.#quarantined,
    }
  }

  /**
   * The bytes of a file that is not too large, valid until the next call: new memory for each file would cost as much as
   * reading it. Threads wait for the processor, not for the disk; at this size blocking reads cost least.
   */
  #readWhole(path: string): Uint8Array | undefined {
    const descriptor = openSync(path, 'r')
    try {
      const { size } = fstatSync(descriptor)
      if (size > WHOLE_UP_TO_BYTES) return undefined
      if (this.#memory.length < size) this.#memory = Buffer.allocUnsafeSlow(Math.min(2 * size, WHOLE_UP_TO_BYTES))
      let length = 0
      for (let read = -1; length < size && read !== 0; length += read)
        read = readSync(descriptor, this.#memory, length, size - length, null)
      return this.#memory.subarray(0, length)
    } finally {
      closeSync(descriptor)
    }
  }

  async #takeLarge(index: number, source: ReturnType<typeof fileSource>): Promise<void> {
    const { dryRun, done } = this.#options
    const mark = done === undefined ? undefined : await this.#markOf(source)
    if (mark !== undefined && done?.has(mark) === true) this.#skipped += 1
    else {
      let begun: PendingFile | ReadFile | undefined
      const begin = (facts: DeidentifiedFacts, original: DataSet): PendingFile | ReadFile | undefined => {
        const isRead = this.#pixels.isNeeded({ pixelRisk: facts.pixelRisk, original })
        if (isRead) begun = new ReadFile(this.#pixels.newFile())
        else begun = dryRun ? undefined : this.#writer.begin(this.#nameOf(facts))
        return begun
      }
      try {
        const decision = await decideStream(this.#deidentifier, this.#verifier, source, begin)
        const reason = decision.kind === 'held' ? decision.reason : this.#pixels.reasonUnread(decision.people)
        if (decision.kind === 'held' || reason !== undefined) {
          begun?.discard()
          this.hold(index, reason ?? 'pixels.unreadable')
        } else if (decision.output instanceof ReadFile) {
          decision.output.end()
          const { facts, people, output } = decision
          const written = await this.#checked(index, output.path, { ...people, pixelRisk: facts.pixelRisk })
          if (written !== undefined) await this.#write(index, written, facts, mark)
        } else if (decision.output === undefined) this.#count(decision.facts)
        else await this.#keep(index, decision.output, decision.facts, mark)
      } catch (error) {
        begun?.discard()
        throw error
      }
    }
    this.#finished(source.size)
  }

  /** What may be written once the pixels were read; `undefined` when the object is held. */
  async #checked(
    index: number,
    content: readonly Uint8Array[] | string,
    object: CheckedObject,
  ): Promise<readonly Uint8Array[] | undefined> {
    const verdict = await this.#pixels.check(content, object)
    if (verdict.kind === 'changed') return verdict.chunks
    if (verdict.kind === 'as-it-is' && typeof content !== 'string') return content
    this.hold(index, verdict.kind === 'held' ? verdict.reason : 'pixels.unreadable')
    return undefined
  }

  async #write(
    index: number,
    chunks: readonly Uint8Array[],
    facts: DeidentifiedFacts,
    mark: string | undefined,
  ): Promise<void> {
    if (this.#options.dryRun) {
      this.#count(facts)
      return
    }
    const file = this.#writer.begin(this.#nameOf(facts))
    for (const chunk of chunks) file.write(chunk)
    await this.#keep(index, file, facts, mark)
  }

  async #keep(index: number, file: PendingFile, facts: DeidentifiedFacts, mark: string | undefined): Promise<void> {
    // Two instances of one UID and different content: which is right, only a person can say.
    if ((await file.keep(mark)) === 'conflict') this.hold(index, 'instance-uid-conflict')
    else this.#count(facts)
  }

  async #markOf(source: ReturnType<typeof fileSource>): Promise<string> {
    const hash = createHmac('sha256', this.#options.secret)
    for (let at = 0; at < source.size; at += WHOLE_UP_TO_BYTES) hash.update(await source.read(at, WHOLE_UP_TO_BYTES))
    return hash.digest('base64url')
  }

  #nameOf({ studyPseudonym, sopInstanceUid }: DeidentifiedFacts): string {
    return join(this.#options.output, studyPseudonym, `${sopInstanceUid}.dcm`)
  }

  #count({ report }: DeidentifiedFacts): void {
    this.#deidentified += 1
    for (const [code, count] of Object.entries(report.actions)) this.#actions[code] = (this.#actions[code] ?? 0) + count
  }

  #finished(bytes: number): void {
    this.#files += 1
    this.#bytes += bytes
    this.#events.onFile(bytes)
  }
}

/** A large object on its way to the reader. */
class ReadFile {
  readonly path: string
  readonly #descriptor: number
  #isOpen = true

  constructor(path: string) {
    this.path = path
    this.#descriptor = openSync(path, 'wx', 0o600)
  }

  write(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; ) at += writeSync(this.#descriptor, bytes, at)
  }

  end(): void {
    if (this.#isOpen) closeSync(this.#descriptor)
    this.#isOpen = false
  }

  discard(): void {
    this.end()
    rmSync(this.path, { force: true })
  }
}

/**
 * De-identifies the files that no other share has taken yet.
 * @param next number of the next file, in memory that all shares see.
 */
export async function deidentifyShare(
  files: readonly string[],
  next: Int32Array,
  options: ShareOptions,
  events: ShareEvents,
): Promise<DeidentifyReport> {
  const share = new Share(options, events)
  try {
    for (;;) {
      const index = Atomics.add(next, 0, 1)
      const file = files[index]
      if (file === undefined) break
      await share.takeFile(index, file)
    }
    return await share.finish()
  } finally {
    await share.close()
  }
}
