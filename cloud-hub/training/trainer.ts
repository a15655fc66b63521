import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import { canonicalJson, isCodedError, writeFileAtomically } from '@leadglass/sync-agent/foundation'
import { RUN_FILES, type TrainerLine, trainingJob } from './job.ts'
import { runJob } from './run-job.ts'

/**
 * The trainer as a process: `node trainer.ts --job <run folder>/job.json`. Writes `head.onnx` and `report.json` beside the
 * job, tells its progress line by line on standard output, and ends when its standard input does: a trainer never
 * outlives the hub that started it.
 */
async function main(): Promise<void> {
  const { values } = parseArgs({ options: { job: { type: 'string' } } })
  const path = values.job
  if (path === undefined) throw new Error('usage: trainer.ts --job FILE')
  process.stdin.resume().once('end', () => process.exit(3))
  const job = trainingJob.parse(JSON.parse(await readFile(path, 'utf8')))
  const { headGraph, report } = await runJob(job, (percent, message) => say({ kind: 'progress', percent, message }))
  const folder = dirname(path)
  await writeFileAtomically(join(folder, RUN_FILES.head), headGraph)
  await writeFileAtomically(join(folder, RUN_FILES.report), canonicalJson(report))
  say({ kind: 'done' })
}

function say(line: TrainerLine): void {
  process.stdout.write(`${JSON.stringify(line)}\n`)
}

try {
  await main()
  process.exit(0)
} catch (error) {
  const code = isCodedError(error) ? error.code : 'trainer-failed'
  say({ kind: 'stopped', code, message: (error instanceof Error ? error.message : 'unknown failure').slice(0, 1000) })
  process.exit(2)
}
