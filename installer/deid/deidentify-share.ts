import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Deidentifier, deriveSiteKeys, EgressVerifier } from '@leadglass/appliance/deidentify'
import { decideObject } from './deidentify-object.ts'
import { WriteBehind } from './write-behind.ts'

/** What a run did, without a word that identifies anyone. */
export interface DeidentifyReport {
  readonly files: number
  readonly deidentified: number
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
  readonly dryRun: boolean
  /** A person has looked at the pixels: objects that may show text in them are written too. */
  readonly pixelsReviewed: boolean
}

/**
 * De-identifies the files that no other share has taken yet.
 * @param next number of the next file, in memory that all shares see.
 */
export async function deidentifyShare(
  files: readonly string[],
  next: Int32Array,
  options: ShareOptions,
  onFile: () => void,
): Promise<DeidentifyReport> {
  const deidentifier = new Deidentifier({ keys: deriveSiteKeys(options.secret), profile: { patientIssuer: '' } })
  const verifier = new EgressVerifier()
  const actions: Record<string, number> = {}
  const quarantined: { file: number; reason: string }[] = []
  const writes = new WriteBehind()
  let [taken, deidentified] = [0, 0]
  for (;;) {
    const index = Atomics.add(next, 0, 1)
    const file = files[index]
    if (file === undefined) break
    taken += 1
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
    onFile()
  }
  await writes.finish()
  return { files: taken, deidentified, actions, quarantined }
}
