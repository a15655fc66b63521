import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { packager } from '@electron/packager'
import { PAGES } from '../start/pages.ts'
import { type FuseFact, setFuses } from './fuses.ts'

/** What a package is made of. */
export interface ConsolePackageRequest {
  /** Folder with `electron-v<version>-<platform>-<processor>.zip`. */
  readonly archiveFolder: string
  readonly version: string
  readonly platform: 'linux'
  readonly processor: 'x64' | 'arm64'
  /** `not-for-release` for everything but an archive that was checked against Electron's own list. */
  readonly release: 'release' | 'not-for-release'
  readonly out: string
}

/** A package on disk. */
export interface ConsolePackage {
  readonly folder: string
  readonly program: string
  readonly release: ConsolePackageRequest['release']
  readonly fuses: readonly FuseFact[]
}

const MARK = 'NOT-FOR-RELEASE.txt'
const MARK_TEXT =
  'This console was made with a test runtime that nobody keeps up to date. It is for tests on the machine that made it,\nand must not be given to anybody.\n'

/** Makes the console as a program for a desk: the built pages in an archive, Electron around them, fuses set and read back. */
export async function packageConsole(request: ConsolePackageRequest): Promise<ConsolePackage> {
  const { archiveFolder, version, platform, processor, release, out } = request
  const work = await mkdtemp(join(tmpdir(), 'leadglass-console-'))
  try {
    const pages = join(work, 'console')
    await cp(PAGES.desk, pages, { recursive: true })
    const description = join(pages, 'package.json')
    const content = JSON.parse(await readFile(description, 'utf8')) as Record<string, unknown>
    await writeFile(description, `${JSON.stringify({ ...content, leadglassRelease: release }, null, 2)}\n`)
    const suffix = release === 'release' ? '' : '-NOT-FOR-RELEASE'
    const [folder] = await packager({
      dir: pages,
      out,
      name: `leadglass-console${suffix}`,
      executableName: 'leadglass-console',
      platform,
      arch: processor,
      electronVersion: version,
      electronZipDir: archiveFolder,
      asar: true,
      prune: false,
      overwrite: true,
      quiet: true,
    })
    if (folder === undefined) throw new Error('the packager made nothing')
    const program = join(folder, 'leadglass-console')
    if (release === 'not-for-release') await writeFile(join(folder, MARK), MARK_TEXT)
    return { folder, program, release, fuses: await setFuses(program) }
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}
