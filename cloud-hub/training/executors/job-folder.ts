import { open, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { canonicalJson, digestOfFile, writeFileAtomically } from '@leadglass/sync-agent/foundation'
import { z } from 'zod'
import { type TrainerLine, trainerLine } from '../job.ts'
import { ExecutorError } from './errors.ts'
import { MAX_RETURNED_BYTES, RETURNED_FILES, type ReturnedFile } from './port.ts'

const STATE = 'executor.json'
/** Name of a job's log in the run's folder. */
export const LOG = 'log.ndjson'
/** A job that says more than this is not listened to any longer. */
const MAX_LOG_BYTES = 4 * 1024 * 1024
const MAX_LINES = 10_000

/**
 * What an executor remembers of a job, in the run's folder. `handle` is what finds the job again: a process, or the far
 * side's own identifier; until `isAccepted`, the one that is asked for. `ended` is null until the end was seen.
 */
export const executorState = z.strictObject({
  schema: z.literal('leadglass.executor-state/1'),
  executor: z.string().min(1).max(60),
  handle: z.union([
    z.strictObject({ pid: z.number().int().positive(), startedTicks: z.string().max(30) }),
    z.strictObject({ id: z.string().min(1).max(300), isAccepted: z.boolean() }),
  ]),
  ended: z.enum(['succeeded', 'failed', 'cancelled']).nullable(),
})
export type ExecutorState = z.infer<typeof executorState>

/** Where a job writes its lines when it runs on this machine. */
export function logPath(folder: string): string {
  return join(folder, LOG)
}

/** @returns undefined when nothing was submitted from this folder, or a power cut came before it was. */
export async function readState(folder: string): Promise<ExecutorState | undefined> {
  const text = await readFile(join(folder, STATE), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  return text === undefined ? undefined : executorState.parse(JSON.parse(text))
}

/** Remembers, durably, before the caller goes on. */
export function writeState(folder: string, state: ExecutorState): Promise<void> {
  return writeFileAtomically(join(folder, STATE), canonicalJson(state))
}

/** Reads the lines that a job wrote to its log on this machine. */
export async function readLog(folder: string, from: number): Promise<readonly TrainerLine[]> {
  const handle = await open(logPath(folder), 'r').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  if (handle === undefined) return []
  try {
    const buffer = Buffer.alloc(Math.min((await handle.stat()).size, MAX_LOG_BYTES))
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, 0)
    return parseLines(buffer.toString('utf8', 0, bytesRead)).slice(from)
  } finally {
    await handle.close()
  }
}

/** The trainer's lines of a text. A half-written last line, and everything that a library prints, is left out. */
export function parseLines(text: string): TrainerLine[] {
  const complete = text.slice(0, text.lastIndexOf('\n') + 1)
  return complete
    .split('\n')
    .flatMap((line) => parseLine(line) ?? [])
    .slice(0, MAX_LINES)
}

/** Files that lie in the run's folder now, of those that a job may hand back. @throws {ExecutorError} `result-invalid`. */
export async function returnedFiles(folder: string): Promise<readonly ReturnedFile[]> {
  const found: ReturnedFile[] = []
  for (const name of RETURNED_FILES) {
    const path = join(folder, name)
    const entry = await stat(path).catch(() => undefined)
    if (entry === undefined) continue
    if (!entry.isFile() || entry.size > MAX_RETURNED_BYTES) {
      throw new ExecutorError('result-invalid', `${name} is no file, or larger than ${MAX_RETURNED_BYTES} bytes`)
    }
    found.push({ name, bytes: entry.size, sha256: await digestOfFile(path) })
  }
  if (found.length === 0) throw new ExecutorError('result-missing', 'the job left no file')
  return found
}

function parseLine(line: string): TrainerLine | undefined {
  if (!line.startsWith('{')) return undefined
  try {
    return trainerLine.safeParse(JSON.parse(line)).data
  } catch {
    return undefined
  }
}
