import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { basename, dirname, join } from 'node:path'
import { z } from 'zod'
import { InstallerError } from '../errors.ts'

const NAME = /^electron-v(\d+\.\d+\.\d+)-(linux)-(x64|arm64)\.zip$/
const checksums = z.record(z.string(), z.string().regex(/^[0-9a-f]{64}$/))

/** An archive of Electron's own, checked against the list that the pinned npm package carries. */
export interface RuntimeArchive {
  readonly folder: string
  readonly version: string
  readonly platform: 'linux'
  readonly processor: 'x64' | 'arm64'
}

/**
 * Accepts an archive for a release.
 * @throws InstallerError `package-refused` when it has another name or version, is not listed, or has another digest.
 */
export async function vettedArchive(path: string): Promise<RuntimeArchive> {
  const name = basename(path)
  const [, version, , processor] = NAME.exec(name) ?? []
  const require = createRequire(import.meta.url)
  const home = dirname(require.resolve('electron/package.json'))
  const pinned = z
    .object({ version: z.string() })
    .parse(JSON.parse(await readFile(join(home, 'package.json'), 'utf8'))).version
  if (version === undefined || version !== pinned) {
    throw refused(`${name} is no archive of Electron ${pinned}`, `fetch electron-v${pinned}-linux-x64.zip`)
  }
  const listed = checksums.parse(JSON.parse(await readFile(join(home, 'checksums.json'), 'utf8')))[name]
  if (listed === undefined) throw refused(`${name} is not in Electron's list of checksums`, 'use an archive that is')
  const digest = await sha256Of(path)
  if (digest !== listed) {
    throw refused(`${name} has the SHA-256 ${digest}, and Electron's list says ${listed}`, 'fetch the archive anew')
  }
  return { folder: dirname(path), version, platform: 'linux', processor: processor === 'arm64' ? 'arm64' : 'x64' }
}

async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256')
  try {
    for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer)
  } catch (cause) {
    throw new InstallerError('file-not-found', {
      message: `${path} cannot be read`,
      effect: 'no package was made',
      nextStep: 'name the archive with --electron-zip',
      cause,
    })
  }
  return hash.digest('hex')
}

function refused(message: string, nextStep: string): InstallerError {
  return new InstallerError('package-refused', { message, effect: 'no package was made', nextStep })
}
