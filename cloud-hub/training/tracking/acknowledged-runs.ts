import { mkdir, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { canonicalJson, writeFileAtomically } from '@leadglass/sync-agent/foundation'
import { z } from 'zod'
import type { TrackedVersion } from './port.ts'

const acknowledgement = z.strictObject({
  schema: z.literal('leadglass.tracked-run/1'),
  /** Of the run as it was told. */
  version: z.string().max(200),
  /** The server's own identifier of it. */
  remoteRun: z.string().regex(/^[0-9a-f]{32}$/),
  toldAt: z.string(),
})
type RunAcknowledgement = z.infer<typeof acknowledgement>

/**
 * What the server has, one file a run. What it has not follows from the hub's own tables, so that no run is forgotten by a
 * power cut between the end of a run and a queue; a file that is missing or damaged only means that the run is told again.
 */
export class AcknowledgedRuns {
  readonly #folder: string
  readonly #known = new Map<string, RunAcknowledgement>()

  constructor(folder: string) {
    this.#folder = folder
  }

  async load(): Promise<void> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 })
    for (const name of await readdir(this.#folder)) {
      const run = /^([0-9a-f-]{36})\.json$/.exec(name)?.[1]
      if (run === undefined) continue
      const read = acknowledgement.safeParse(parsed(await readFile(join(this.#folder, name), 'utf8')))
      if (read.success) this.#known.set(run, read.data)
    }
  }

  /** True when the server has this run exactly as it is. */
  has({ run, version }: TrackedVersion): boolean {
    return this.#known.get(run)?.version === version
  }

  async add({ run, version }: TrackedVersion, remoteRun: string, toldAt: string): Promise<void> {
    const entry = { schema: 'leadglass.tracked-run/1' as const, version, remoteRun, toldAt }
    await writeFileAtomically(join(this.#folder, `${run}.json`), canonicalJson(entry))
    this.#known.set(run, entry)
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
