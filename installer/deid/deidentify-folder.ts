import { mkdir, readFile } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { Deidentifier, deriveSiteKeys, EgressVerifier } from '@leadglass/appliance/deidentify'
import { writeFileAtomically } from '@leadglass/sync-agent/foundation'
import { decideObject } from './deidentify-object.ts'

/** What a run did, without a word that identifies anyone. */
export interface DeidentifyReport {
  readonly files: number
  readonly deidentified: number
  /** Count of each action code of PS3.15 Table E.1-1 over all objects. */
  readonly actions: Readonly<Record<string, number>>
  /** Files that were not written, by number in the sorted list, and why. File names may identify, so they stay out. */
  readonly quarantined: readonly { readonly file: number; readonly reason: string }[]
}

/** How a run is done. */
export interface DeidentifyOptions {
  readonly input: string
  readonly output: string
  /** 32 bytes: equal secrets give equal pseudonyms. */
  readonly secret: Uint8Array
  readonly dryRun: boolean
  /** A person has looked at the pixels: objects that may show text in them are written too. */
  readonly pixelsReviewed: boolean
  readonly onFile: (done: number) => void
}

/**
 * De-identifies files one by one. An output is written only after the verifier, which shares no code with the engine,
 * has read it and found nothing of the study's own identifiers. Output names come from the new UIDs.
 */
export async function deidentifyFiles(files: readonly string[], options: DeidentifyOptions): Promise<DeidentifyReport> {
  const deidentifier = new Deidentifier({ keys: deriveSiteKeys(options.secret), profile: { patientIssuer: '' } })
  const verifier = new EgressVerifier()
  const actions: Record<string, number> = {}
  const quarantined: { file: number; reason: string }[] = []
  const writes = new WriteBehind()
  let deidentified = 0
  for (const [index, file] of files.entries()) {
    const decision = decideObject(deidentifier, verifier, await readFile(file), options.pixelsReviewed)
    if (decision.kind === 'held') {
      quarantined.push({ file: index, reason: decision.reason })
    } else {
      const { outcome, bytes } = decision
      deidentified += 1
      for (const [code, count] of Object.entries(outcome.report.actions)) actions[code] = (actions[code] ?? 0) + count
      if (!options.dryRun) {
        await writes.add(join(options.output, outcome.studyPseudonym, `${outcome.sopInstanceUid}.dcm`), bytes)
      }
    }
    options.onFile(index + 1)
  }
  await writes.finish()
  return { files: files.length, deidentified, actions, quarantined }
}

/** Waiting for the disk is most of the time, so some files are written while the next ones are cleaned. */
const MOST_WRITES = 16

/** Writes files in the background, a few at a time. Each is durable before `finish` returns. */
class WriteBehind {
  readonly #pending: Promise<unknown>[] = []

  /** Starts a write; waits when too many are under way. @throws what an earlier write threw. */
  async add(name: string, bytes: Uint8Array): Promise<void> {
    // A failure is kept as a value until someone looks, so that it is never an unhandled rejection.
    this.#pending.push(
      writeWithFolder(name, bytes).then(
        () => undefined,
        (error: unknown) => error,
      ),
    )
    if (this.#pending.length >= MOST_WRITES) await this.#next()
  }

  /** Waits for all writes. @throws the first failure. */
  async finish(): Promise<void> {
    while (this.#pending.length > 0) await this.#next()
  }

  async #next(): Promise<void> {
    const failure = await this.#pending.shift()
    if (failure !== undefined) throw failure
  }
}

async function writeWithFolder(name: string, bytes: Uint8Array): Promise<void> {
  await mkdir(dirname(name), { recursive: true })
  await writeFileAtomically(name, bytes, 0o644)
}

/** True when one folder lies within the other: output among input would be read again. */
export function overlaps(one: string, other: string): boolean {
  const inside = (a: string, b: string): boolean => !relative(a, b).startsWith('..')
  return inside(one, other) || inside(other, one)
}
