import { describeMachine } from '../../harness/machine.ts'
import { type HarnessReport, type Judgement, judge } from '../../harness/report.ts'
import type { CorpusPlan } from './corpus/generate.ts'
import type { IodValidity } from './judge/iod-validity.ts'
import type { MutationResult } from './judge/mutation-power.ts'
import type { OptionResult } from './judge/option-power.ts'
import type { Tally } from './tally.ts'

/** All that a score measured. */
export interface ScoreFacts {
  readonly full: boolean
  readonly seed: number
  readonly plan: CorpusPlan
  readonly tally: Tally
  readonly mutations: readonly MutationResult[]
  readonly rows: { readonly tried: number; readonly missed: readonly number[] }
  /** Each option of PS3.15 E.3 by itself. */
  readonly profileOptions: readonly OptionResult[]
  readonly validity: IodValidity | undefined
}

type Row = HarnessReport['results'][number]

const FEWEST_RESIDUAL_CHECKS = 300_000
const MOST_DETAILS = 40

/** The score in the shape of all harness reports. Counts are of checks, except where `what` says otherwise. */
export function scoreReport(facts: ScoreFacts): HarnessReport {
  return { name: 'deid', machine: describeMachine(), runs: 1, results: resultsOf(facts), checks: checksOf(facts) }
}

function resultsOf({ seed, plan, tally, mutations, rows, profileOptions, validity }: ScoreFacts): Row[] {
  const score = tally.of('score', 'score')
  const residual = residualOf(tally)
  const every = tally.of('every object', 'score')
  return [
    fact('corpus', 'seed', seed),
    fact('corpus', 'patients', plan.patients),
    fact('corpus', 'real files planted into', plan.realFiles.length),
    fact('corpus', 'objects', tally.objects),
    fact('corpus', 'objects that leave', tally.left),
    counted('MIDI-B', 'objects that leave, options applied', score),
    counted('MIDI-B', 'every object, held ones as missing files', every),
    ...tally.part('action').map((entry) => counted('MIDI-B action', entry.name, entry)),
    ...tally.part('category').map((entry) => counted('MIDI-B category', entry.name, entry)),
    ...tally
      .part('option not applied')
      .map((entry) => counted('kept only by an option not applied', entry.name, entry)),
    ...tally.part('held').map((entry) => fact('held, objects', entry.name, entry.total)),
    ...tally.part('held objects').map((entry) => counted('held, MIDI-B action', entry.name, entry)),
    counted('residual', 'planted tokens in objects that leave', residual),
    fact('residual', 'searches (tokens in every encoding)', tally.searches),
    fact('residual', 'upper bound at 95 %, misses per million (rule of three)', boundPerMillion(residual)),
    ...tally.part('residual').map((entry) => counted('residual by plant', entry.name, entry)),
    counted('utility', 'distances between dates of a patient', tally.of('intervals', 'intervals')),
    ...(validity === undefined ? [] : validityRows(validity)),
    ...mutations.map(({ name, applied, noticed }) =>
      counted('rule off, objects that did not notice', name, { total: applied, failed: applied - noticed }),
    ),
    counted('rule off, rows of table E.1-1', 'rows that the score did not notice', {
      total: rows.tried,
      failed: rows.missed.length,
    }),
    ...profileOptions.flatMap(({ option, kept, gone, mutations: tried }) => [
      counted('option: what it keeps', option, kept),
      counted('option: what must be gone', option, gone),
      counted('option: losses that nobody noticed', option, tried),
    ]),
    ...rows.missed.slice(0, MOST_DETAILS).map((tag) => fact('row not noticed', tag.toString(16).padStart(8, '0'), 1)),
    ...tally
      .part('failed')
      .slice(0, MOST_DETAILS)
      .map((entry) => fact('failed check', entry.name, entry.failed)),
    ...grouped(tally.hits).map(([name, count]) => fact('residual hit', name, count)),
    ...grouped(tally.engineAloneHits).map(([name, count]) => fact('residual in held objects, stopped', name, count)),
  ]
}

function checksOf({ full, tally, mutations, rows, profileOptions, validity }: ScoreFacts): Judgement[] {
  const score = tally.of('score', 'score')
  const hidden = tally.of('action', 'pixels_hidden')
  const residual = residualOf(tally)
  return [
    judge('MIDI-B score of objects that leave, percent', (1 - score.failed / score.total) * 100, '>= 99.99'),
    judge('residual hits', residual.failed, '== 0'),
    judge('residual checks n', residual.total, full ? `>= ${FEWEST_RESIDUAL_CHECKS}` : '>= 1000'),
    judge('text in pixels that leaves', hidden.failed, '== 0'),
    judge('distances between dates broken', tally.of('intervals', 'intervals').failed, '== 0'),
    judge('rule groups whose loss goes unnoticed', mutations.filter(({ noticed }) => noticed === 0).length, '== 0'),
    judge('options: kept or gone against their rules', optionFailures(profileOptions), '== 0'),
    judge('options: losses that go unnoticed', unnoticed(profileOptions), '== 0'),
    ...(rows.tried === 0 ? [] : [judge('rows whose loss goes unnoticed', rows.missed.length, '== 0')]),
    ...(validity === undefined
      ? []
      : [judge('objects with IOD errors that the original lacks', validity.worse, '== 0')]),
  ]
}

function optionFailures(options: readonly OptionResult[]): number {
  return options.reduce((sum, { kept, gone }) => sum + kept.failed + gone.failed, 0)
}

function unnoticed(options: readonly OptionResult[]): number {
  return options.reduce((sum, { mutations }) => sum + mutations.failed, 0)
}

function validityRows(validity: IodValidity): Row[] {
  return [
    counted('utility', 'objects with IOD errors that the original lacks', {
      total: validity.objects,
      failed: validity.worse,
    }),
    fact('utility', 'dciodvfy errors before', validity.errorsBefore),
    fact('utility', 'dciodvfy errors after', validity.errorsAfter),
    ...[...validity.newErrors]
      .slice(0, MOST_DETAILS)
      .map(([error, count]) => fact('new IOD error, objects', error, count)),
  ]
}

function residualOf(tally: Tally): { total: number; failed: number } {
  const parts = tally.part('residual')
  return {
    total: parts.reduce((sum, part) => sum + part.total, 0),
    failed: parts.reduce((sum, part) => sum + part.failed, 0),
  }
}

/** With no miss in n checks the rate is below 3/n at 95 %; with misses there is no such bound and a million stands for that. */
function boundPerMillion({ total, failed }: { readonly total: number; readonly failed: number }): number {
  return failed > 0 || total === 0 ? 1_000_000 : Math.round(30_000_000 / total) / 10
}

function counted(
  part: string,
  what: string,
  { total, failed }: { readonly total: number; readonly failed: number },
): Row {
  return {
    part,
    what,
    n: total,
    failed,
    percent: total === 0 ? null : Math.floor((1 - failed / total) * 100_000) / 1000,
  }
}

function fact(part: string, what: string, n: number): Row {
  return { part, what, n, failed: null, percent: null }
}

function grouped(hits: readonly { readonly kind: string; readonly plant: string }[]): [string, number][] {
  const counts = new Map<string, number>()
  for (const { kind, plant } of hits) counts.set(`${plant} in ${kind}`, (counts.get(`${plant} in ${kind}`) ?? 0) + 1)
  return [...counts]
}
