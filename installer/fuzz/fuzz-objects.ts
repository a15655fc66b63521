import { spawn } from 'node:child_process'
import { copyFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { z } from 'zod'
import type { Finding } from './findings.ts'

const CHILD = resolve(import.meta.dirname, 'objects-child.ts')
/** A child that says nothing for so long hangs on an object. */
const HANG_MS = 30_000
/** Far above what objects of the corpus need, far below what a machine has. */
const HEAP_MIB = 1024

const childReport = z.object({
  cases: z.number(),
  slowestMs: z.number(),
  maxRssMiB: z.number(),
  reached: z.record(z.string(), z.number()),
  findings: z.array(
    z.object({ level: z.literal('object'), what: z.string(), seed: z.number(), input: z.string(), made: z.string() }),
  ),
})

/** What a run on objects did and found. */
export interface ObjectFigures extends Omit<z.infer<typeof childReport>, 'findings'> {
  readonly findings: readonly Finding[]
}

/** Breaks objects in a process of their own for some seconds; a process that dies or hangs is a finding with its input. */
export async function fuzzObjects(run: {
  readonly seed: number
  readonly seconds: number
  readonly corpus: string | undefined
  readonly folder: string
}): Promise<ObjectFigures> {
  const current = join(run.folder, 'current.dcm')
  const args = [`--max-old-space-size=${HEAP_MIB}`, CHILD, '--seed', String(run.seed), '--seconds', String(run.seconds)]
  args.push('--folder', run.folder, '--current', current, ...(run.corpus === undefined ? [] : ['--corpus', run.corpus]))
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  let latest: z.infer<typeof childReport> = { cases: 0, slowestMs: 0, maxRssMiB: 0, reached: {}, findings: [] }
  const words: string[] = []
  child.stderr.on('data', (chunk: Buffer) => words.push(chunk.toString()))
  const hang = setTimeout(() => child.kill('SIGKILL'), HANG_MS)
  createInterface({ input: child.stdout }).on('line', (line) => {
    latest = childReport.parse(JSON.parse(line))
    hang.refresh()
  })
  const [code, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((settle) =>
    child.once('close', (endedWith, endedBy) => settle([endedWith, endedBy])),
  )
  clearTimeout(hang)
  if (code === 0) return latest
  const input = join(run.folder, 'ended-the-process.dcm')
  await copyFile(current, input).catch(() => undefined)
  const what = `the process ended with ${String(signal ?? code)}: ${words.join('').slice(0, 500)}`
  return { ...latest, findings: [...latest.findings, { level: 'object', what, seed: run.seed, input, made: '' }] }
}
