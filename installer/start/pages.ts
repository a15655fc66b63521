import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join, relative, resolve } from 'node:path'
import { InstallerError } from '../errors.ts'

const ROOT = resolve(import.meta.dirname, '..', '..')
const UI = join(ROOT, 'ui')
const DIST = join(UI, 'dist')
const STAMP = join(DIST, '.built-from')

/** The folders that the two services serve, and the program for a desk. */
export const PAGES = { console: join(DIST, 'console'), hub: join(DIST, 'hub'), desk: join(DIST, 'desk') } as const

/**
 * Builds the pages when their sources changed since the last build (Vite, some seconds).
 * @returns true when a build ran.
 */
export async function buildPagesIfChanged(onBuild: () => void): Promise<boolean> {
  const sources = await digestOfSources()
  if (existsSync(STAMP) && (await readFile(STAMP, 'utf8')) === sources) return false
  onBuild()
  await viteBuild()
  await writeFile(STAMP, sources)
  return true
}

async function digestOfSources(): Promise<string> {
  const hash = createHash('sha256').update(await readFile(join(ROOT, 'package-lock.json')))
  const entries = await readdir(UI, { recursive: true, withFileTypes: true })
  const files = entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !/(^|\/)(node_modules|dist)\//.test(relative(UI, path)) && !/\.test\.tsx?$/.test(path))
    .sort()
  for (const file of files) hash.update(relative(UI, file)).update(await readFile(file))
  return hash.digest('hex')
}

function viteBuild(): Promise<void> {
  return new Promise((resolvePromise, reject) => {
    const child = spawn(process.execPath, [join(UI, 'build.mjs')], { cwd: UI, stdio: ['ignore', 'pipe', 'pipe'] })
    const output: string[] = []
    child.stdout.on('data', (chunk: Buffer) => output.push(chunk.toString()))
    child.stderr.on('data', (chunk: Buffer) => output.push(chunk.toString()))
    child.on('exit', (code) => {
      if (code === 0) return resolvePromise()
      reject(
        new InstallerError('process-failed', {
          message: `building the pages ended with status ${code}: ${output.join('').slice(-800)}`,
          effect: 'the pages cannot be served',
          nextStep: 'report this with the lines above',
        }),
      )
    })
  })
}
