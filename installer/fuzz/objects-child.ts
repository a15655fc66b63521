import { writeFileSync, writeSync } from 'node:fs'
import { parseArgs } from 'node:util'
import fc from 'fast-check'
import { loadCorpus } from './corpus.ts'
import { examineObject, type Reached } from './examine-object.ts'
import { type Finding, keepInput } from './findings.ts'
import { anyObjectCase, objectOf } from './object-case.ts'

// A process of its own: an object that hangs or ends it must not take the fuzzer with it. What it works on is on disk
// before it begins, so that the parent has the input whatever happens.
const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    seconds: { type: 'string', default: '10' },
    corpus: { type: 'string' },
    folder: { type: 'string', default: '.' },
    current: { type: 'string', default: 'current.dcm' },
  },
})

const RUNS_A_SEED = 250
const MOST_FINDINGS = 20
/** One object of at most some hundred kilobytes must not hold a processor longer. */
const SLOW_MS = 10_000
const REPORT_EVERY_MS = 500

const corpus = loadCorpus(values.corpus)
const until = Date.now() + Number(values.seconds) * 1000
const reached: Record<Reached, number> = { unreadable: 0, quarantined: 0, 'not-decodable': 0, decoded: 0 }
const findings: Finding[] = []
let cases = 0
let slowestMs = 0
let reportedAt = 0

function report(): void {
  const { maxRSS } = process.resourceUsage()
  const line = { cases, slowestMs: Math.round(slowestMs), maxRssMiB: Math.round(maxRSS / 1024), reached, findings }
  writeSync(1, `${JSON.stringify(line)}\n`)
  reportedAt = Date.now()
}

const property = fc.asyncProperty(anyObjectCase({ minLength: 1, maxLength: 3 }), async (made) => {
  const object = objectOf(corpus, made)
  const file = object.file()
  writeFileSync(values.current, file)
  const begun = performance.now()
  reached[await examineObject(file, object.dataSet, object)] += 1
  const tookMs = performance.now() - begun
  slowestMs = Math.max(slowestMs, tookMs)
  cases += 1
  if (Date.now() - reportedAt > REPORT_EVERY_MS) report()
  if (tookMs > SLOW_MS) throw new Error(`an object took ${Math.round(tookMs)} ms`)
})

for (let seed = Number(values.seed); Date.now() < until && findings.length < MOST_FINDINGS; seed += 1) {
  const result = await fc.check(property, {
    seed,
    numRuns: RUNS_A_SEED,
    interruptAfterTimeLimit: Math.max(1, until - Date.now()),
  })
  if (!result.failed || result.counterexample === null) continue
  const [made] = result.counterexample
  const input = await keepInput(values.folder, objectOf(corpus, made).file(), 'dcm')
  const cause = result.errorInstance
  const what =
    cause instanceof Error ? (cause.stack ?? cause.message).split('\n').slice(0, 4).join(' | ') : String(cause)
  findings.push({ level: 'object', what, seed, input, made: JSON.stringify(made) })
}
report()
