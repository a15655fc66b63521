import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type GoldenExpectation, type PackageContent, writePackage } from '@leadglass/models'

/** Values of the embedding that an expectation holds: enough to tell another backbone. */
const EMBEDDING_KEPT = 16
const TOLERANCE = 1e-3

/**
 * Fills in the expectations that an author's content lacks, with what the model gives on this machine. They say that the
 * model still does what it did here, not that it does what it did where it was trained.
 * @returns the content with all expectations, and the paths that were filled in.
 * @throws {PackageError} and whatever the runtime throws.
 */
export async function fillGolden(
  content: PackageContent,
): Promise<{ readonly content: PackageContent; readonly filled: ReadonlyMap<string, Uint8Array> }> {
  const missing = content.manifest.golden.filter(({ expected }) => !content.files.has(expected))
  const filled = new Map<string, Uint8Array>()
  if (missing.length === 0) return { content, filled }
  // The runtime is native code: only who runs a model loads it.
  const { loadModel, releaseModel } = await import('./worker/model-sessions.ts')
  const { runGoldenImage } = await import('./worker/golden-cases.ts')
  const blank = encode({ embedding: [0], outputs: { blank: 0 }, tolerance: TOLERANCE })
  const root = await mkdtemp(join(tmpdir(), 'golden-'))
  try {
    const files = new Map([...content.files, ...missing.map(({ expected }) => [expected, blank] as const)])
    const made = await writePackage(join(root, 'package'), { ...content, files })
    const model = await loadModel(made.folder)
    try {
      for (const { image, prior, expected } of missing) {
        const { embedding, scores } = await runGoldenImage(model, image, prior)
        const outputs = Object.fromEntries(scores.map(({ code, value }) => [code, value]))
        filled.set(
          expected,
          encode({ embedding: [...embedding.slice(0, EMBEDDING_KEPT)], outputs, tolerance: TOLERANCE }),
        )
      }
    } finally {
      await releaseModel(model)
    }
  } finally {
    await rm(root, { recursive: true, force: true })
  }
  return { content: { ...content, files: new Map([...content.files, ...filled]) }, filled }
}

function encode(expectation: GoldenExpectation): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify(expectation)}\n`)
}
