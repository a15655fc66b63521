import { parseArgs } from 'node:util'
import { deidentifyFiles } from '../deid/deidentify-folder.ts'
import { findFiles } from '../send/find-files.ts'

/**
 * De-identifies a folder in a process of its own, so that its peak memory is the product's alone, and
 * prints what it did. Reading, engine, verifier and durable writing are in the time, and so is the start of Node:
 * the bench measures whole processes.
 */
const { positionals } = parseArgs({ allowPositionals: true })
const [input = '', output = ''] = positionals
const files = await findFiles(input)
const started = performance.now()
const report = await deidentifyFiles(files, {
  output,
  secret: new Uint8Array(32).fill(9),
  dryRun: false,
  pixelsReviewed: true,
  onFile: () => undefined,
})
const seconds = (performance.now() - started) / 1000
process.stdout.write(`${JSON.stringify({ seconds, written: report.deidentified, files: report.files })}\n`)
