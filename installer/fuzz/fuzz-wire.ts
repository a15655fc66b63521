import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { anyConversation, bytesOf, type Conversation } from './conversation.ts'
import type { Seed } from './corpus.ts'
import { exchange } from './exchange.ts'
import { type Finding, keepInput } from './findings.ts'
import { judgeExchange } from './judge-exchange.ts'
import { associateRequest, dataPdus, echoCommand, pdusOf, RELEASE, VERIFICATION } from './wire.ts'

/** What a wire run needs, and when it ends. */
export interface WireFuzz {
  readonly port: number
  readonly corpus: readonly Seed[]
  readonly recordings: readonly (readonly Buffer[])[]
  readonly seed: number
  readonly until: number
  /** Conversations held at the same time. */
  readonly lanes: number
  /** Where failing inputs are kept. */
  readonly folder: string
  /** Resolves when the appliance has caught up so far that more may be sent. */
  readonly mayGoOn: () => Promise<void>
}

/** What a wire run did and found. */
export interface WireFigures {
  conversations: number
  refused: number
  readonly ends: Record<'abort' | 'reject' | 'release' | 'none', number>
  /** Objects that the listener said it keeps, by digest. */
  readonly acknowledged: Map<string, string>
  slowestEchoMs: number
  readonly findings: Finding[]
}

const RUNS_A_SEED = 100
const MOST_FINDINGS = 10
/** A listener that was just fed nonsense answers a C-ECHO of somebody else within this time. */
export const ECHO_WITHIN_MS = 5000

/** Holds broken conversations with a running listener until the time is over. */
export async function fuzzWire(run: WireFuzz): Promise<WireFigures> {
  const figures: WireFigures = {
    conversations: 0,
    refused: 0,
    ends: { abort: 0, reject: 0, release: 0, none: 0 },
    acknowledged: new Map(),
    slowestEchoMs: 0,
    findings: [],
  }
  await Promise.all(Array.from({ length: run.lanes }, (_, lane) => runLane(run, lane, figures)))
  return figures
}

async function runLane(run: WireFuzz, lane: number, figures: WireFigures): Promise<void> {
  const property = fc.asyncProperty(anyConversation, (conversation) => converse(run, lane, conversation, figures))
  let seed = run.seed + lane * 1_000_003
  while (Date.now() < run.until && figures.findings.length < MOST_FINDINGS) {
    await run.mayGoOn()
    const interruptAfterTimeLimit = Math.max(1, run.until - Date.now())
    const result = await fc.check(property, { seed, numRuns: RUNS_A_SEED, interruptAfterTimeLimit })
    if (result.failed && result.counterexample !== null) {
      const [conversation] = result.counterexample
      const input = await keepInput(
        run.folder,
        Buffer.concat(bytesOf(conversation, run.corpus, run.recordings)),
        'wire',
      )
      const what = result.errorInstance instanceof Error ? result.errorInstance.message : 'unknown'
      figures.findings.push({ level: 'wire', what, seed, input, made: JSON.stringify(conversation) })
    }
    const echoMs = await echo(run.port)
    figures.slowestEchoMs = Math.max(figures.slowestEchoMs, echoMs)
    if (echoMs > ECHO_WITHIN_MS) {
      const what = `a C-ECHO was answered after ${Math.round(echoMs)} ms`
      figures.findings.push({ level: 'wire', what, seed, input: join(run.folder, `lane-${lane}.wire`), made: '' })
    }
    seed += 1
  }
}

async function converse(run: WireFuzz, lane: number, conversation: Conversation, figures: WireFigures): Promise<void> {
  const pieces = bytesOf(conversation, run.corpus, run.recordings)
  // On disk before it is sent: should this end the listener, the input is known.
  writeFileSync(join(run.folder, `lane-${lane}.wire`), Buffer.concat(pieces))
  const judgement = judgeExchange(await exchange(run.port, pieces))
  figures.conversations += 1
  figures.refused += judgement.refused
  figures.ends[judgement.end] += 1
  for (const { digest, sopInstanceUid } of judgement.acknowledged) figures.acknowledged.set(digest, sopInstanceUid)
  const [problem] = judgement.problems
  if (problem !== undefined) throw new Error(problem)
}

/** A C-ECHO over an association of its own. @returns how long it took in ms; infinite when it was not answered. */
export async function echo(port: number): Promise<number> {
  const request = associateRequest([{ id: 1, abstractSyntax: VERIFICATION, transferSyntax: '1.2.840.10008.1.2' }])
  const begun = performance.now()
  try {
    const words = [request, ...dataPdus(1, true, echoCommand(1)), RELEASE]
    const { received } = await exchange(port, words, 2 * ECHO_WITHIN_MS)
    const types = pdusOf(received).pdus.map((one) => one.type)
    // A-ASSOCIATE-AC, the response, A-RELEASE-RP.
    return types.join() === '2,4,6' ? performance.now() - begun : Number.POSITIVE_INFINITY
  } catch {
    return Number.POSITIVE_INFINITY
  }
}
