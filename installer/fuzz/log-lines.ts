import { readFile } from 'node:fs/promises'
import { z } from 'zod'

const ERROR_LEVEL = 50
/** The product's answer to an object whose identity is not the record's: the result is held back, and a person told. */
const EXPECTED = new Set(['results.blocked'])
const logLine = z.object({ level: z.number(), event: z.string().default(''), code: z.string().default('') })

/**
 * What a log holds that broken input must never cause: errors, failures without a code, and lines that the logger did
 * not write (a stack trace). @returns each kind once, with its count.
 */
export async function alarmingLines(path: string): Promise<Map<string, number>> {
  const found = new Map<string, number>()
  for (const line of (await readFile(path, 'utf8')).split('\n')) {
    if (line === '') continue
    const alarm = alarmOf(line)
    if (alarm !== undefined) found.set(alarm, (found.get(alarm) ?? 0) + 1)
  }
  return found
}

function alarmOf(line: string): string | undefined {
  let parsed: unknown
  try {
    parsed = JSON.parse(line)
  } catch {
    return `no log line: ${line.slice(0, 120)}`
  }
  const { data } = logLine.safeParse(parsed)
  if (data === undefined) return 'a line of another form'
  if (EXPECTED.has(data.event)) return undefined
  if (data.level >= ERROR_LEVEL || data.code === 'unexpected') return `${data.event} ${data.code}`.trim()
  return undefined
}
