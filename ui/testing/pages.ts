import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'

const UI = join(import.meta.dirname, '..')
const SOURCES = ['console', 'hub-web', 'shared', 'contract', 'build.mjs']

/**
 * Folders of the built pages, built again when a source is newer than they are.
 * @throws when the build fails; the message holds what it printed.
 */
export function builtPages(): { readonly console: string; readonly hub: string } {
  const folders = { console: join(UI, 'dist', 'console'), hub: join(UI, 'dist', 'hub') }
  const built = Math.min(...Object.values(folders).map((folder) => modifiedAt(join(folder, 'index.html'))))
  if (built < Math.max(...SOURCES.map((source) => newest(join(UI, source))))) {
    const { status, stdout, stderr } = spawnSync(process.execPath, [join(UI, 'build.mjs')], {
      encoding: 'utf8',
      // Vitest runs tests with NODE_ENV=test, with which the pages would be built for development.
      env: { ...process.env, NODE_ENV: 'production' },
    })
    if (status !== 0) throw new Error(`the pages do not build\n${stdout}\n${stderr}`)
  }
  return folders
}

function modifiedAt(path: string): number {
  return existsSync(path) ? statSync(path).mtimeMs : 0
}

function newest(path: string): number {
  if (!statSync(path).isDirectory()) return modifiedAt(path)
  return Math.max(0, ...readdirSync(path).map((name) => newest(join(path, name))))
}
