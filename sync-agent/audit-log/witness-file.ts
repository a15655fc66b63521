import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { writeFileAtomically } from '../foundation/index.ts'
import { HASH_BYTES } from './merkle-hash.ts'
import { createNoteVerifier, parseVerifierKey } from './note-key.ts'
import { newWitnessedLog, type WitnessDecision, type WitnessedLog } from './witness.ts'
import type { WitnessMemory } from './witness-service.ts'

const hash = z.base64().refine((text) => Buffer.from(text, 'base64').length === HASH_BYTES)
const memoryFile = z.strictObject({
  schema: z.literal('leadglass.witness-memory/1'),
  logs: z.array(z.strictObject({ origin: z.string().min(1).max(256), size: z.int().min(0), root: hash })).max(10_000),
})
type Remembered = z.infer<typeof memoryFile>['logs'][number]

/**
 * The memory of a witness in one file, written atomically before an answer goes out. For one process: requests are
 * judged one after the other.
 */
export class WitnessFile implements WitnessMemory {
  readonly #path: string
  readonly #keys: readonly string[]
  #turn: Promise<unknown> = Promise.resolve()

  /** @param keys C2SP verifier keys of the logs that are witnessed; the name of a key is the origin of its log. */
  constructor(path: string, keys: readonly string[]) {
    this.#path = path
    this.#keys = keys
  }

  judge(origin: string, decide: (known: WitnessedLog | undefined) => WitnessDecision): Promise<WitnessDecision> {
    const judged = this.#turn.then(() => this.#judge(origin, decide))
    this.#turn = judged.catch(() => undefined)
    return judged
  }

  /** The newest checkpoint that was accepted of a log; size 0 when none was. `undefined` for a log without a key. */
  async known(origin: string): Promise<WitnessedLog | undefined> {
    return this.#known(origin, await this.#read())
  }

  async #judge(origin: string, decide: (known: WitnessedLog | undefined) => WitnessDecision): Promise<WitnessDecision> {
    const logs = await this.#read()
    const decision = decide(this.#known(origin, logs))
    if (decision.status !== 200) return decision
    const { size, root } = decision.checkpoint
    const changed = [
      ...logs.filter((log) => log.origin !== origin),
      { origin, size, root: Buffer.from(root).toString('base64') },
    ]
    const content = memoryFile.parse({ schema: 'leadglass.witness-memory/1', logs: changed })
    await writeFileAtomically(this.#path, `${JSON.stringify(content)}\n`, 0o600)
    return decision
  }

  #known(origin: string, logs: readonly Remembered[]): WitnessedLog | undefined {
    const keys = this.#keys.flatMap((text) => {
      const key = parseVerifierKey(text)
      return key?.name === origin ? [createNoteVerifier(key)] : []
    })
    if (keys.length === 0) return undefined
    const kept = logs.find((log) => log.origin === origin)
    if (kept === undefined) return newWitnessedLog(origin, keys)
    return { origin, keys, size: kept.size, root: Buffer.from(kept.root, 'base64') }
  }

  /** A damaged memory is an error, never an empty one: a witness that forgets would sign a fork. */
  async #read(): Promise<readonly Remembered[]> {
    const text = await readFile(this.#path, 'utf8').catch((cause: unknown) => {
      if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined
      throw cause
    })
    return text === undefined ? [] : memoryFile.parse(JSON.parse(text)).logs
  }
}
