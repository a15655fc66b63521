import { createHmac } from 'node:crypto'
import { closeSync, fdatasyncSync, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { InstallerError } from '../errors.ts'

const FILE = '.leadglass-deid'
const heading = z.strictObject({
  schema: z.literal('leadglass.deid-record/1'),
  profile: z.string(),
  edition: z.string(),
  key: z.string(),
})

/** What a run must have in common with the one that it goes on with. */
export interface RunIdentity {
  readonly profile: string
  readonly edition: string
  readonly secret: Uint8Array
}

/**
 * The record of what is done, in the output folder: one line a file, written when its output is durable. A line is a keyed
 * digest of the original, so that nobody without the key can tell from it which files were in the input.
 */
export class DoneRecord {
  /** Marks of the files that earlier runs finished. */
  readonly done: ReadonlySet<string>
  readonly #descriptor: number

  private constructor(done: ReadonlySet<string>, descriptor: number) {
    this.done = done
    this.#descriptor = descriptor
  }

  /**
   * Opens the record of an output folder, or begins one.
   * @throws InstallerError `input-invalid` when the folder holds the work of another key, profile or edition.
   */
  static open(output: string, identity: RunIdentity): DoneRecord {
    mkdirSync(output, { recursive: true })
    const path = join(output, FILE)
    const mine = headingOf(identity)
    const lines = linesOf(path)
    const [first, ...marks] = lines
    if (first !== undefined && first !== mine) throw otherRun(output, first, identity)
    const descriptor = openSync(path, 'a', 0o600)
    // Half a line that a killed run left is ended, so that it stands alone and is the mark of no file.
    append(descriptor, first === undefined ? [mine] : [''])
    return new DoneRecord(new Set(marks), descriptor)
  }

  /** These files are durable. */
  add(marks: readonly string[]): void {
    append(this.#descriptor, marks)
  }

  close(): void {
    closeSync(this.#descriptor)
  }
}

/** The whole lines: a run that was killed can leave half a one. */
function linesOf(path: string): string[] {
  try {
    return readFileSync(path, 'utf8')
      .split('\n')
      .slice(0, -1)
      .filter((line) => line !== '')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}

function append(descriptor: number, lines: readonly string[]): void {
  writeSync(descriptor, lines.map((line) => `${line}\n`).join(''))
  fdatasyncSync(descriptor)
}

function headingOf({ profile, edition, secret }: RunIdentity): string {
  const key = createHmac('sha256', secret).update('leadglass.deid-record/1').digest('base64url')
  return JSON.stringify({ schema: 'leadglass.deid-record/1', profile, edition, key } satisfies z.infer<typeof heading>)
}

function otherRun(output: string, first: string, identity: RunIdentity): InstallerError {
  const found = heading.safeParse(parsed(first))
  const why = !found.success
    ? 'its record cannot be read'
    : found.data.profile !== identity.profile
      ? `it was made with the profile ${found.data.profile}`
      : found.data.edition !== identity.edition
        ? `it was made with edition ${found.data.edition} of the profile's table`
        : 'it was made with another key'
  return new InstallerError('input-invalid', {
    message: `${output} holds the output of another run: ${why}`,
    effect: 'nothing was de-identified',
    nextStep: 'choose an empty output folder, or the key and profile of that run',
  })
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
