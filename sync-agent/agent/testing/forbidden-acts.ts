/**
 * Started by a test with the arguments of the real agent: tries what the agent must not be able to do and prints, as one
 * JSON object, the code with which each act was refused (`allowed` when it was not).
 */
import { execFileSync, spawn } from 'node:child_process'
import { readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import inspector from 'node:inspector'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import '../agent.ts'

type DatabaseConstructor = new (path: string) => unknown

const [outsideFile = '', outsideFolder = '', exchangeFolder = '', agentFolder = ''] = process.argv.slice(2)

const acts: Readonly<Record<string, () => unknown>> = {
  'read-outside-file': () => readFileSync(outsideFile),
  'list-outside-folder': () => readdirSync(outsideFolder),
  'write-outside': () => writeFileSync(join(outsideFolder, 'x'), ''),
  'write-own-identity': () => writeFileSync(join(agentFolder, 'key.pem'), ''),
  'link-to-outside': () => symlinkSync(outsideFile, join(exchangeFolder, 'outbox', 'link')),
  'execute-program': () => execFileSync('/bin/true'),
  'spawn-program': () => spawn(process.execPath, ['--version']),
  'start-worker': () => new Worker('1', { eval: true }),
  'load-native-code': () => new (createRequire(import.meta.url)('better-sqlite3') as DatabaseConstructor)(':memory:'),
  'open-inspector': () => inspector.open(0, '127.0.0.1'),
  'read-exchange': () => readdirSync(exchangeFolder),
  'write-exchange': () => writeFileSync(join(exchangeFolder, 'status', 'probe'), ''),
  'write-state': () => writeFileSync(join(agentFolder, 'state', 'probe'), ''),
}

const results = Object.entries(acts).map(([name, act]) => {
  try {
    act()
    return [name, 'allowed'] as const
  } catch (error) {
    return [name, error instanceof Error && 'code' in error ? String(error.code) : String(error)] as const
  }
})
process.stdout.write(`${JSON.stringify(Object.fromEntries(results))}\n`)
