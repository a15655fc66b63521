import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { CorpusObject } from './key.ts'

/** Writes a corpus out, as MIDI-B hands it to participants and graders: files, answer key, and maps of old to new. */
export class Keeper {
  readonly #folder: string | undefined
  readonly #key: unknown[] = []

  /** @param folder where to write; nothing is written when it is undefined. */
  constructor(folder: string | undefined) {
    this.#folder = folder
  }

  /** Writes one object and its output, and remembers its lines of the answer key. */
  async keep(object: CorpusObject, output: Buffer | undefined): Promise<void> {
    if (this.#folder === undefined) return
    await write(join(this.#folder, 'input', object.name), object.bytes)
    if (output !== undefined) await write(join(this.#folder, 'output', object.name), output)
    const { name, kind, patient, checks, tokens, dates } = object
    const planted = tokens.map(({ text, raw, plant }) => ({ text, plant, raw: raw.map((one) => one.toString('hex')) }))
    this.#key.push({ name, kind, patient, checks, tokens: planted, dates })
  }

  /** Writes the answer key and the maps as the judge learned them. */
  async finish(maps: {
    readonly uids: ReadonlyMap<string, string>
    readonly patients: ReadonlyMap<string, string>
  }): Promise<void> {
    if (this.#folder === undefined) return
    await write(join(this.#folder, 'answer-key.jsonl'), this.#key.map((line) => `${JSON.stringify(line)}\n`).join(''))
    await write(join(this.#folder, 'uid-map.csv'), csv(maps.uids))
    await write(join(this.#folder, 'patient-id-map.csv'), csv(maps.patients))
  }
}

function csv(map: ReadonlyMap<string, string>): string {
  return ['id_old,id_new', ...[...map].map(([from, to]) => `${from},${to}`)].join('\n')
}

async function write(path: string, content: string | Uint8Array): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, content)
}
