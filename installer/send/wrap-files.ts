import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type WrapFacts, wrapFile } from './wrap-file.ts'

/** Files ready to be sent, and what became of those that are not DICOM. */
export interface WrappedFiles {
  /** Paths of DICOM files, or of files that are neither picture nor volume. */
  readonly files: readonly string[]
  readonly wrapped: readonly { readonly file: string; readonly from: 'picture' | 'volume'; readonly objects: number }[]
  readonly refused: readonly { readonly file: string; readonly reason: string }[]
}

/**
 * Wraps what is no DICOM into files of a temporary folder, hands all files over, and removes the folder afterwards.
 * @returns what `use` gives.
 */
export async function withWrapped<T>(
  files: readonly string[],
  facts: WrapFacts,
  use: (found: WrappedFiles) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'leadglass-send-'))
  try {
    const ready: string[] = []
    const wrapped: WrappedFiles['wrapped'][number][] = []
    const refused: WrappedFiles['refused'][number][] = []
    for (const [position, file] of files.entries()) {
      const outcome = await wrapFile(file, facts)
      if (outcome.kind === 'other') ready.push(file)
      if (outcome.kind === 'refused') refused.push({ file, reason: outcome.reason })
      if (outcome.kind !== 'objects') continue
      let objects = 0
      for (const object of outcome.objects) {
        const path = join(folder, `${position}-${String(objects).padStart(6, '0')}.dcm`)
        await writeFile(path, object)
        ready.push(path)
        objects += 1
      }
      wrapped.push({ file, from: outcome.from, objects })
    }
    return await use({ files: ready, wrapped, refused })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
