import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Errors and warnings of dciodvfy about an object. @param validator path of the program. */
export function complaintsOf(validator: string, bytes: Uint8Array): string[] {
  return inFiles([bytes], ([path = '']) => {
    const said = spawnSync(validator, [path], { encoding: 'utf8' })
    return (
      `${said.stdout}${said.stderr}`
        .split('\n')
        .filter((line) => /^(?:Error|Warning)/.test(line))
        // The laterality of a picture of words is unknown, which is when it may stand empty.
        .filter((line) => !/only permitted to be empty when actually unknown.*<Laterality>/.test(line))
    )
  })
}

/** What a Python script prints about objects, whose paths are its arguments. @throws when it fails. */
export function readWithPython(python: string, script: string, objects: readonly Uint8Array[]): string {
  return inFiles(objects, (paths) => {
    const said = spawnSync(python, ['-c', script, ...paths], { encoding: 'utf8', maxBuffer: 1 << 26 })
    if (said.status !== 0) throw new Error(said.stderr.slice(-2000))
    return said.stdout
  })
}

/** Writes objects into a folder for the time of some work. */
export function inFiles<T>(objects: readonly Uint8Array[], work: (paths: readonly string[]) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'leadglass-object-'))
  try {
    const paths = objects.map((bytes, place) => {
      const path = join(folder, `${place}.dcm`)
      writeFileSync(path, bytes)
      return path
    })
    return work(paths)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
