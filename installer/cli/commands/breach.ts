import { writeFileAtomically } from '@leadglass/sync-agent/foundation'
import {
  type BreachStepRequest,
  type BreachView,
  breachFile,
  breachList,
  breachOpened,
  breachView,
} from '@leadglass/ui/contract/local-api'
import { type Command, Option } from 'commander'
import { InstanceClient } from '../client.ts'
import { callerPath, print, wholeNumber, withData, withJson } from '../options.ts'
import { renderTable } from '../table.ts'

interface Options {
  readonly data: string
  readonly json: boolean
}

const MOST = 1_000_000_000

/** `leadglass breach open|list|show|evidence|assess|notified|close|export`. */
export function registerBreach(program: Command): void {
  const breach = program
    .command('breach')
    .description('cases of suspected breaches: what is known, who must be told until when, and the evidence')
  registerOpen(breach)
  withJson(withData(breach.command('list').description('all cases, the newest first'))).action(list)
  withJson(
    withData(breach.command('show').description('a case: duties, evidence, steps')).argument(
      '<case>',
      'number, as listed',
      number,
    ),
  ).action(async (id: number, options: Options) => {
    const client = await InstanceClient.open(options.data)
    const path = `/api/breaches/${id}`
    const found = await client.request({ service: 'appliance', method: 'GET', path, schema: breachView })
    print(options.json, found, () => present(found))
  })
  registerSteps(breach)
  withData(breach.command('export').description('write a case with its evidence, each entry of the log with its proof'))
    .argument('<case>', 'number, as listed', number)
    .requiredOption('--out <file>', 'file to write', callerPath)
    .action(async (id: number, options: { readonly data: string; readonly out: string }) => {
      const client = await InstanceClient.open(options.data)
      const path = `/api/breaches/${id}/file`
      const file = await client.request({ service: 'appliance', method: 'GET', path, schema: breachFile })
      await writeFileAtomically(options.out, `${JSON.stringify(file, null, 2)}\n`)
      process.stdout.write(`Wrote case ${id} with ${file.evidence.length} entries of the log to ${options.out}.\n`)
    })
}

const number = wholeNumber(1, MOST)
const collect = (value: string, before: readonly number[]): readonly number[] => [
  ...before,
  wholeNumber(0, Number.MAX_SAFE_INTEGER)(value),
]

function registerOpen(breach: Command): void {
  withJson(withData(breach.command('open').description('open a case')))
    .requiredOption('--discovered <day>', 'YYYY-MM-DD; the law counts from here')
    .requiredOption('--summary <text>', 'what is suspected; stays at the site')
    .option('--entry <place>', 'place in the audit log that raised the suspicion; may be given again', collect, [])
    .action(
      async (
        options: Options & { readonly discovered: string; readonly summary: string; readonly entry: readonly number[] },
      ) => {
        const client = await InstanceClient.open(options.data)
        const body = { discoveredOn: options.discovered, summary: options.summary, entries: options.entry }
        const answer = await client.request({
          service: 'appliance',
          method: 'POST',
          path: '/api/breaches',
          body,
          schema: breachOpened,
        })
        print(options.json, answer, () => `Case ${answer.case} is open.`)
      },
    )
}

function registerSteps(breach: Command): void {
  const step = (name: string, description: string): Command =>
    withJson(withData(breach.command(name).description(description))).argument('<case>', 'number, as listed', number)
  step('evidence', 'attach entries of the audit log')
    .requiredOption('--entry <place>', 'place in the log; may be given again', collect, [])
    .action((id: number, options: Options & { readonly entry: readonly number[] }) =>
      add(id, options, { kind: 'evidence', entries: [...options.entry] }),
    )
  step('assess', 'record the assessment of 45 CFR 164.402; the last one counts')
    .addOption(
      new Option('--conclusion <conclusion>', 'what it comes to')
        .choices(['breach', 'low-probability'])
        .makeOptionMandatory(),
    )
    .requiredOption('--affected <n>', 'how many people', wholeNumber(0, MOST))
    .requiredOption('--most-in-one-state <n>', 'how many of them live in one state', wholeNumber(0, MOST))
    .requiredOption('--nature-and-extent <text>', 'which identifiers, how likely somebody is recognised')
    .requiredOption('--who-used-it <text>', 'who used it, or to whom it was told')
    .requiredOption('--acquired-or-viewed <text>', 'whether it was really acquired or viewed')
    .requiredOption('--mitigated <text>', 'how far the risk was lessened')
    .action((id: number, options: Options & AssessOptions) =>
      add(id, options, {
        kind: 'assessed',
        conclusion: options.conclusion,
        affected: options.affected,
        mostInOneState: options.mostInOneState,
        factors: {
          natureAndExtent: options.natureAndExtent,
          whoUsedIt: options.whoUsedIt,
          acquiredOrViewed: options.acquiredOrViewed,
          mitigated: options.mitigated,
        },
      }),
    )
  step('notified', 'record that somebody was told')
    .addOption(new Option('--whom <whom>', 'who').choices(['individuals', 'media', 'secretary']).makeOptionMandatory())
    .requiredOption('--on <day>', 'YYYY-MM-DD')
    .action(
      (id: number, options: Options & { readonly whom: 'individuals' | 'media' | 'secretary'; readonly on: string }) =>
        add(id, options, { kind: 'notified', whom: options.whom, on: options.on }),
    )
  step('close', 'close a case of which nothing is due any more')
    .requiredOption('--reason <text>', 'why, for the record')
    .action((id: number, options: Options & { readonly reason: string }) =>
      add(id, options, { kind: 'closed', reason: options.reason }),
    )
}

interface AssessOptions {
  readonly conclusion: 'breach' | 'low-probability'
  readonly affected: number
  readonly mostInOneState: number
  readonly natureAndExtent: string
  readonly whoUsedIt: string
  readonly acquiredOrViewed: string
  readonly mitigated: string
}

async function add(id: number, options: Options, body: BreachStepRequest): Promise<void> {
  const client = await InstanceClient.open(options.data)
  const path = `/api/breaches/${id}/steps`
  const found = await client.request({ service: 'appliance', method: 'POST', path, body, schema: breachView })
  print(options.json, found, () => present(found))
}

async function list(options: Options): Promise<void> {
  const client = await InstanceClient.open(options.data)
  const { cases } = await client.request({
    service: 'appliance',
    method: 'GET',
    path: '/api/breaches',
    schema: breachList,
  })
  print(options.json, { cases }, () =>
    renderTable(
      ['case', 'discovered', 'state', 'conclusion', 'evidence', 'next due', 'summary'],
      cases.map((one) => [
        one.case,
        one.discoveredOn,
        one.state,
        one.conclusion,
        one.evidence.length,
        nextDue(one),
        one.summary,
      ]),
    ),
  )
}

function nextDue({ duties }: BreachView): string | null {
  const open = duties.filter(({ doneOn }) => doneOn === null).sort((a, b) => a.due.localeCompare(b.due))
  return open[0] === undefined ? null : `${open[0].due} ${open[0].whom}${open[0].overdue ? ' OVERDUE' : ''}`
}

function present(found: BreachView): string {
  const duties = found.duties.map(({ whom, due, clause, doneOn, overdue }) => [
    whom,
    due,
    doneOn ?? (overdue ? 'OVERDUE' : 'open'),
    clause,
  ])
  return [
    `Case ${found.case}, discovered ${found.discoveredOn}: ${found.state}${found.conclusion === null ? '' : `, ${found.conclusion}`}.`,
    found.summary,
    `Entries of the audit log: ${found.evidence.length === 0 ? 'none' : found.evidence.join(', ')}.`,
    duties.length === 0
      ? 'Nobody is to be told by what is known.'
      : renderTable(['whom', 'until', 'told', 'clause'], duties),
    renderTable(
      ['at', 'by', 'what'],
      found.steps.map(({ at, by, step }) => [at, by, step.kind]),
    ),
  ].join('\n\n')
}
