import { spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Specimen } from './mutation-power.ts'

/** Objects that were checked (those whose originals the program reads as an IOD), and kinds of errors in outputs that their originals do not have. */
export interface IodValidity {
  readonly objects: number
  readonly worse: number
  readonly errorsBefore: number
  readonly errorsAfter: number
  readonly newErrors: ReadonlyMap<string, number>
}

/** Runs David Clunie's dciodvfy over originals and outputs. @param program its path. */
export async function measureIodValidity(program: string, specimens: readonly Specimen[]): Promise<IodValidity> {
  const folder = await mkdtemp(join(tmpdir(), 'leadglass-iod-'))
  const newErrors = new Map<string, number>()
  let [objects, worse, errorsBefore, errorsAfter] = [0, 0, 0, 0]
  try {
    for (const { object, file } of specimens) {
      const before = await errorsOf(program, folder, object.bytes)
      if (before === undefined) continue
      const after = (await errorsOf(program, folder, file)) ?? new Set(['Error - the output cannot be read'])
      objects += 1
      const added = [...after].filter((error) => !before.has(error))
      errorsBefore += before.size
      errorsAfter += after.size
      if (added.length > 0) worse += 1
      for (const error of added) newErrors.set(error, (newErrors.get(error) ?? 0) + 1)
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
  return { objects, worse, errorsBefore, errorsAfter, newErrors }
}

/** `undefined` where the program cannot read the file (deflated ones, for example) or knows no IOD for it. */
async function errorsOf(program: string, folder: string, bytes: Buffer): Promise<ReadonlySet<string> | undefined> {
  const path = join(folder, 'object.dcm')
  await writeFile(path, bytes)
  const text = await outputOf(program, path)
  if (!/^[A-Z]\w+$/m.test(text)) return undefined
  const lines = text.split('\n').filter((line) => line.startsWith('Error'))
  // Values differ before and after; the kind of the error and its attribute are what counts.
  return new Set(lines.map((line) => line.replaceAll(/(?:= |value )<[^>]*>|= '.*$|\[\d+\]/g, '').trim()))
}

function outputOf(program: string, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, [path], { stdio: ['ignore', 'pipe', 'pipe'] })
    const parts: Buffer[] = []
    child.stdout.on('data', (part: Buffer) => parts.push(part))
    child.stderr.on('data', (part: Buffer) => parts.push(part))
    child.on('error', reject)
    child.on('close', () => resolve(Buffer.concat(parts).toString('latin1')))
  })
}
