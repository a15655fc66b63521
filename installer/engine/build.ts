import { spawn, spawnSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { dirname, join, resolve } from 'node:path'
import { nativeAddon } from '../../appliance/engines/native/locate.ts'
import { EXIT } from '../cli/exit.ts'
import { InstallerError } from '../errors.ts'

/** The folder of the native engine: its own package and lockfile, and no workspace, so that installing never touches it. */
const FOLDER = join(import.meta.dirname, 'native')
const NPM = resolve(import.meta.dirname, '..', 'toolchain', 'node_modules', 'npm', 'bin', 'npm-cli.js')
/** What compiles DCMTK: a C++ compiler, CMake, and something that CMake drives. */
const TOOLS = [['cmake'], ['c++', 'g++', 'clang++'], ['ninja', 'make']] as const
const EXPORTS = ['echoScu', 'storeScu', 'startScp'] as const

/**
 * Builds the native engine from source. Install scripts stay off: the package's own would look for binaries elsewhere
 * first, and its bootstrap of libiconv downloads (SKIP_LIB_ICONV_BOOTSTRAP=1; DCMTK then uses its own oficonv).
 * @throws InstallerError `peer-missing` without a compiler, `process-failed` with the last words of what failed.
 */
async function buildNativeEngine(): Promise<void> {
  for (const names of TOOLS) requireTool(names)
  const begun = Date.now()
  say('1/3  packages of the native engine')
  await run([NPM, 'ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'])
  say('2/3  compiling DCMTK and the addon; some minutes')
  const script = join(FOLDER, 'node_modules', 'dicom-dimse-native', 'scripts', 'compile-native.js')
  await run([script], { SKIP_LIB_ICONV_BOOTSTRAP: '1' })
  say('3/3  loading it')
  loadAddon()
  say(
    `The native engine is built (${Math.round((Date.now() - begun) / 1000)} s). docs/engines.md says what it does not promise.`,
  )
}

function requireTool(names: readonly string[]): void {
  if (names.some((name) => spawnSync(name, ['--version'], { stdio: 'ignore' }).status === 0)) return
  throw new InstallerError('peer-missing', {
    message: `none of ${names.join(', ')} is installed`,
    effect: 'the native engine is not built; the own engine needs no compiler',
    nextStep: 'on Debian: apt-get install cmake g++ make',
  })
}

/** Runs a script of Node in the engine's folder; only its last words are kept. */
async function run(args: readonly string[], extra: Readonly<Record<string, string>> = {}): Promise<void> {
  // Headers come from node-api-headers: a nodedir of the host's configuration would point at those of another Node.
  const env = {
    ...process.env,
    npm_config_nodedir: '',
    PATH: `${dirname(process.execPath)}:${process.env.PATH ?? ''}`,
    ...extra,
  }
  const child = spawn(process.execPath, args, { cwd: FOLDER, env, stdio: ['ignore', 'pipe', 'pipe'] })
  let words = ''
  const listen = (chunk: Buffer): void => {
    words = (words + chunk.toString()).slice(-3000)
  }
  child.stdout.on('data', listen)
  child.stderr.on('data', listen)
  const tick = setInterval(() => say(`     ${progressIn(words)}`), 30_000)
  const code = await new Promise<number>((settle) => {
    child.once('error', () => settle(127))
    child.once('close', (status) => settle(status ?? 1))
  })
  clearInterval(tick)
  if (code === 0) return
  throw new InstallerError('process-failed', {
    message: `building ended with status ${code}: ${words}`,
    effect: 'the native engine is not built; the own engine is not affected',
    nextStep: 'read the message above, then run the same command again',
  })
}

/** The newest counter of the compiler's output, such as `[493/629]`. */
function progressIn(words: string): string {
  return [...words.matchAll(/\[ *\d+(?:\/\d+|%)\]/g)].at(-1)?.[0] ?? '...'
}

function loadAddon(): void {
  const path = nativeAddon(FOLDER)
  const loaded: unknown = path === undefined ? undefined : createRequire(import.meta.url)(path)
  const isWhole = typeof loaded === 'object' && loaded !== null && EXPORTS.every((name) => name in loaded)
  if (isWhole) return
  throw new InstallerError('process-failed', {
    message: 'the addon was compiled and cannot be used',
    effect: 'the native engine is not built; the own engine is not affected',
    nextStep: `remove ${join(FOLDER, 'node_modules')} and run the same command again`,
  })
}

function say(line: string): void {
  process.stderr.write(`${line}\n`)
}

try {
  await buildNativeEngine()
} catch (cause) {
  if (!(cause instanceof InstallerError)) throw cause
  say(`${cause.message}\n  Effect: ${cause.effect}\n  Next step: ${cause.nextStep}`)
  process.exitCode = EXIT.failed
}
