import { lstat, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { digestOf } from '@leadglass/sync-agent/foundation'
import { z } from 'zod'
import { type Collected, recordEvidence } from '../evidence.ts'
import { DOCUMENT_FACTS, type Fact } from '../facts.ts'
import { asJson, NOTHING, together } from './collector.ts'

const MOST_FILES = 64
const LARGEST_BYTES = 16 * 1024 * 1024
const FILE_NAME = /^[a-z0-9][a-z0-9._-]{0,99}$/
/** A document that nobody touched for so long is out of date. */
const STALE_DAYS = 400
const DAY_MS = 86_400_000

/** The figures that the JSON reports of common test runners have (Jest's form, which Vitest writes too). */
const testFigures = z.object({
  numTotalTests: z.number().int().min(1),
  numPassedTests: z.number().int().min(0),
  numFailedTests: z.number().int().min(0),
  success: z.boolean(),
})

/**
 * Files that a person laid into the evidence folder: `risk-analysis-2026.pdf` is evidence that a risk analysis is held, with
 * its digest. What it says is judged by nobody here. Links and odd names are passed over; a folder that is not there is empty.
 */
export async function collectDocuments(folder: string, nowMs: number): Promise<Collected> {
  const names = (await readdir(folder).catch(() => [])).filter((name) => FILE_NAME.test(name)).sort()
  const parts = await Promise.all(names.slice(0, MOST_FILES).map((name) => documentOf(folder, name, nowMs)))
  return together(parts)
}

async function documentOf(folder: string, name: string, nowMs: number): Promise<Collected> {
  const fact = DOCUMENT_FACTS.find((one) => name.startsWith(one))
  const path = join(folder, name)
  const status = await lstat(path).catch(() => undefined)
  if (fact === undefined || status?.isFile() !== true || status.size === 0 || status.size > LARGEST_BYTES)
    return NOTHING
  const bytes = await readFile(path)
  const content = { file: name, bytes: bytes.length, sha256: digestOf(bytes), changedAt: status.mtime.toISOString() }
  if (nowMs - status.mtimeMs > STALE_DAYS * DAY_MS) {
    return {
      evidence: [],
      findings: [
        { fact, words: `${name} was changed last at ${content.changedAt}, more than ${STALE_DAYS} days ago.` },
      ],
    }
  }
  return fact === 'test-results' ? testResults(fact, content, bytes) : held(fact, content)
}

type FileFacts = { readonly file: string; readonly bytes: number; readonly sha256: string; readonly changedAt: string }

function held(fact: Fact, content: FileFacts): Collected {
  const states = `${content.file} is held; its content was not judged`
  return { evidence: [recordEvidence(fact, `evidence/${content.file}`, states, asJson(content))], findings: [] }
}

/** Results are believed only in a form that can be read: a file that says nothing of a number of tests shows nothing. */
function testResults(fact: Fact, content: FileFacts, bytes: Uint8Array): Collected {
  const parsed = testFigures.safeParse(parseJson(bytes))
  if (!parsed.success)
    return { evidence: [], findings: [{ fact, words: `${content.file} is no test report in JSON that can be read.` }] }
  const { numTotalTests, numPassedTests, numFailedTests, success } = parsed.data
  const states = `${numPassedTests} of ${numTotalTests} tests passed, ${numFailedTests} failed (${content.file})`
  const failed = numFailedTests > 0 || !success
  return {
    evidence: [recordEvidence(fact, `evidence/${content.file}`, states, asJson({ ...content, ...parsed.data }))],
    findings: failed ? [{ fact, words: `The last test run did not pass: ${states}.` }] : [],
  }
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'))
  } catch {
    return undefined
  }
}
