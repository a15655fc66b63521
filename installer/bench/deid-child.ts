import { parseArgs } from 'node:util'
import { deidentifyFiles } from '../deid/deidentify-folder.ts'
import { DEFAULT_PROFILE } from '../deid/profiles.ts'
import { findFiles } from '../send/find-files.ts'

/**
 * De-identifies a folder in a process of its own, so that its peak memory is the product's alone, and
 * prints what it did. Reading, engine, verifier and durable writing are in the time, and so is the start of Node:
 * the bench measures whole processes.
 */
const { positionals, values } = parseArgs({ allowPositionals: true, options: { threads: { type: 'string' } } })
const [input = '', output = ''] = positionals
const files = await findFiles(input)
const started = performance.now()
const report = await deidentifyFiles(files, {
  output,
  secret: new Uint8Array(32).fill(9),
  profile: DEFAULT_PROFILE.profile,
  dryRun: false,
  pixels: 'reviewed',
  heads: true,
  done: undefined,
  onFile: () => undefined,
  onDurable: () => undefined,
  ...(values.threads === undefined ? {} : { threads: Number(values.threads) }),
})
const seconds = (performance.now() - started) / 1000
process.stdout.write(`${JSON.stringify({ seconds, written: report.deidentified, files: report.files })}\n`)
