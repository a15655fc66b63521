#!/usr/bin/env node
// The door to every command. Plain JavaScript without dependencies, because it runs on whatever Node (>= 20) the host
// has: it installs the pinned Node and npm, then the workspaces, then hands over to them.
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { closeSync, existsSync, openSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { constants } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)))
const TOOLCHAIN = join(ROOT, 'installer', 'toolchain')
const STAMP = join(TOOLCHAIN, '.stamp')
const LOCK = join(TOOLCHAIN, '.stamp-lock')
const LOCKFILES = [join(ROOT, 'package-lock.json'), join(TOOLCHAIN, 'package-lock.json')]

const bin = (name) => join(ROOT, 'node_modules', name)
const COMMANDS = {
  start: (args) => [join(ROOT, 'installer', 'cli', 'main.ts'), 'up', ...args],
  test: (args) => [bin('vitest/vitest.mjs'), 'run', ...args],
  check: (args) => [join(ROOT, 'installer', 'check.ts'), ...args],
  bench: (args) => [join(ROOT, 'installer', 'cli', 'main.ts'), 'bench', ...args],
  fault: (args) => [join(ROOT, 'installer', 'cli', 'main.ts'), 'fault', ...args],
  engine: (args) => [join(ROOT, 'installer', 'engine', 'build.ts'), ...args],
}

async function main([command, ...args]) {
  const node = await prepare()
  const named = Object.hasOwn(COMMANDS, command ?? '') ? COMMANDS[command] : undefined
  const script = named?.(args) ?? [
    join(ROOT, 'installer', 'cli', 'main.ts'),
    ...(command === undefined ? ['--help'] : [command, ...args]),
  ]
  const cwd = named === undefined ? process.cwd() : ROOT
  // The pinned Node comes first in PATH, so that children that say "node" get the same one.
  const env = {
    ...process.env,
    PATH: `${dirname(node)}:${process.env.PATH ?? ''}`,
    LEADGLASS_CALLER_FOLDER: callerFolder(),
    // Halves the start of every command. It lies beside the packages, so whoever can write it can write the code as well;
    // where it cannot be written, Node goes on without.
    NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? join(ROOT, 'node_modules', '.cache', 'leadglass'),
  }
  process.exitCode = await run(node, script, { stdio: 'inherit', cwd, env })
}

/** Installs what is missing. Returns the path of the pinned Node. */
async function prepare() {
  const node = pinnedNode()
  const wanted = createHash('sha256')
  for (const file of LOCKFILES) wanted.update(readFileSync(file))
  const stamp = wanted.digest('hex')
  if (isCurrent(stamp, node)) return node
  await withLock(async () => {
    if (isCurrent(stamp, node)) return
    say('Leadglass installs its pinned Node and packages. This happens once, and again after an update.')
    await install('1/2  Node 24 and npm', npmOfHost(), ['ci', ...QUIET], TOOLCHAIN)
    const npm = [node, join(TOOLCHAIN, 'node_modules', 'npm', 'bin', 'npm-cli.js')]
    await install(
      '2/2  packages',
      npm,
      ['ci', ...QUIET, '--include=dev', '--include=optional', '--engine-strict=false'],
      ROOT,
    )
    prune(node)
    writeFileSync(STAMP, stamp)
  })
  return node
}

const QUIET = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']

function isCurrent(stamp, node) {
  return existsSync(STAMP) && readFileSync(STAMP, 'utf8') === stamp && existsSync(node) && existsSync(bin('vitest'))
}

function pinnedNode() {
  const os = { linux: 'linux', darwin: 'darwin', win32: 'win' }[process.platform]
  const arch = { x64: 'x64', arm64: os === 'darwin' ? 'x64' : 'arm64' }[process.arch]
  if (os === undefined || arch === undefined || (os === 'win' && arch !== 'x64')) {
    fail(`No pinned Node for ${process.platform} ${process.arch}.`, 'Use Linux x64 or arm64, macOS, or Windows x64.')
  }
  return join(TOOLCHAIN, 'node_modules', `node-${os}-${arch}`, 'bin', os === 'win' ? 'node.exe' : 'node')
}

function npmOfHost() {
  const script = process.env.npm_execpath
  return script?.endsWith('.js') ? [process.execPath, script] : [process.platform === 'win32' ? 'npm.cmd' : 'npm']
}

async function install(title, [program, ...prefix], args, cwd) {
  const started = Date.now()
  const tick = setInterval(() => say(`  ${title}: ${Math.round((Date.now() - started) / 1000)} s ...`), 10_000)
  // A nodedir of the host's own configuration would point at foreign headers; nothing here is compiled anyway.
  const env = {
    ...process.env,
    npm_config_nodedir: '',
    ONNXRUNTIME_NODE_INSTALL: 'skip',
    PATH: `${dirname(pinnedNode())}:${process.env.PATH ?? ''}`,
  }
  const status = await run(program, [...prefix, ...args], { cwd, env, stdio: ['ignore', 2, 2] })
  clearInterval(tick)
  if (status !== 0) {
    fail(
      `${title}: npm ended with status ${status}.`,
      'Check the network or the npm registry in your npm configuration, then run the same command again.',
    )
  }
  say(`  ${title}: done in ${Math.round((Date.now() - started) / 1000)} s`)
}

/** Foreign platforms of onnxruntime-node and Node's headers are most of the disk and are never read. */
function prune(node) {
  rmSync(join(dirname(dirname(node)), 'include'), { recursive: true, force: true })
  const binaries = join(ROOT, 'node_modules', 'onnxruntime-node', 'bin', 'napi-v6')
  for (const os of ['linux', 'darwin', 'win32']) {
    if (os !== process.platform) rmSync(join(binaries, os), { recursive: true, force: true })
  }
  for (const arch of ['x64', 'arm64']) {
    if (arch !== process.arch) rmSync(join(binaries, process.platform, arch), { recursive: true, force: true })
  }
}

/** Two first starts at once would corrupt each other; the second waits. A lock whose holder is gone is taken over. */
async function withLock(action) {
  for (let waited = 0; !takeLock(); waited++) {
    if (waited % 10 === 0) say('Another start is installing; waiting for it ...')
    await new Promise((resolve) => setTimeout(resolve, 1000))
  }
  try {
    await action()
  } finally {
    rmSync(LOCK, { force: true })
  }
}

function takeLock() {
  try {
    const handle = openSync(LOCK, 'wx')
    writeFileSync(handle, String(process.pid))
    closeSync(handle)
    return true
  } catch {
    const holder = Number(existsSync(LOCK) ? readFileSync(LOCK, 'utf8') : 0)
    if (!isAlive(holder) && lockAgeMs() > 2000) rmSync(LOCK, { force: true })
    return false
  }
}

function lockAgeMs() {
  return existsSync(LOCK) ? Date.now() - statSync(LOCK).mtimeMs : 0
}

function isAlive(pid) {
  try {
    return pid > 0 && process.kill(pid, 0)
  } catch {
    return false
  }
}

/** Runs a program, passes signals on, and gives its exit status (128 + signal number when a signal ended it). */
function run(program, args, options) {
  return new Promise((resolve) => {
    const child = spawn(program, args, options)
    const forward = (signal) => child.kill(signal)
    process.on('SIGINT', forward).on('SIGTERM', forward)
    child.on('error', (error) => {
      say(`${program}: ${error.message}`)
      resolve(127)
    })
    child.on('exit', (code, signal) => {
      process.off('SIGINT', forward).off('SIGTERM', forward)
      resolve(code ?? 128 + (constants.signals[signal] ?? 0))
    })
  })
}

function callerFolder() {
  return process.env.INIT_CWD ?? process.cwd()
}

function say(line) {
  process.stderr.write(`${line}\n`)
}

function fail(cause, nextStep) {
  say(`leadglass: ${cause}\n  Effect: nothing was started.\n  Next step: ${nextStep}`)
  process.exit(1)
}

await main(process.argv.slice(2))
