import { readFile } from 'node:fs/promises'
import {
  heldList,
  type RuleVersion,
  ruleDifference,
  ruleHistory,
  rulesInForce,
  ruleValidation,
  ruleVersion,
  type SimulationView,
  simulationView,
} from '@leadglass/ui/contract/local-api'
import type { Command } from 'commander'
import { z } from 'zod'
import { InstallerError } from '../../errors.ts'
import { InstanceClient } from '../client.ts'
import { EXIT } from '../exit.ts'
import { callerPath, print, wholeNumber, withData, withJson } from '../options.ts'
import { renderTable } from '../table.ts'

interface Options {
  readonly data: string
  readonly json: boolean
}

/** `leadglass rules show|validate|simulate|activate|history|diff|held|release`. */
export function registerRules(program: Command): void {
  const rules = program.command('rules').description('rules that choose lane, models, destinations and processing')
  const add = (name: string, description: string): Command =>
    withJson(withData(rules.command(name).description(description)))
  add('show', 'print the rules in force').action(show)
  add('validate', 'judge a rule file by its own examples; changes nothing')
    .argument('<file>', 'rule file, JSON', callerPath)
    .action(validate)
  add('simulate', 'show what a rule file would change on past studies; changes nothing')
    .argument('<file>', 'rule file, JSON', callerPath)
    .option('--days <n>', 'studies of so many days', wholeNumber(1, 3660), 30)
    .action(simulate)
  add('activate', 'put a rule file in force, as the next version')
    .argument('<file>', 'rule file, JSON', callerPath)
    .requiredOption('--reason <text>', 'why, for the record')
    .action(activate)
  add('history', 'list the versions of the rules').action(history)
  add('diff', 'show what changed between two versions; 0 stands for no rules')
    .argument('<from>', 'version', wholeNumber(0, 1_000_000))
    .argument('<to>', 'version', wholeNumber(1, 1_000_000))
    .action(diff)
  add('held', 'list the studies that a rule keeps waiting for a person').action(held)
  add('release', 'let a held study go on').argument('<study>', 'study pseudonym, as listed').action(release)
}

async function show(options: Options): Promise<void> {
  const client = await InstanceClient.open(options.data)
  const answer = await client.request({ service: 'appliance', method: 'GET', path: '/api/rules', schema: rulesInForce })
  print(options.json, answer, () =>
    answer.version === null
      ? 'No rules are in force: every study is scored by every model that fits and goes to every destination.'
      : `${describe(answer.version)}\n${JSON.stringify(answer.file, null, 2)}`,
  )
}

async function validate(file: string, options: Options): Promise<void> {
  const client = await InstanceClient.open(options.data)
  const body = await readRules(file)
  const path = '/api/rules/validate'
  const answer = await client.request({ service: 'appliance', method: 'POST', path, body, schema: ruleValidation })
  print(options.json, answer, () =>
    answer.valid
      ? 'Valid: every example matches or does not match as it must.'
      : renderTable(
          ['where', 'what'],
          answer.faults.map(({ where, what }) => [where, what]),
        ),
  )
  if (!answer.valid) process.exitCode = EXIT.failed
}

async function simulate(file: string, options: Options & { readonly days: number }): Promise<void> {
  const client = await InstanceClient.open(options.data)
  const body = { file: await readRules(file), days: options.days }
  const path = '/api/rules/simulate'
  const answer = await client.request({ service: 'appliance', method: 'POST', path, body, schema: simulationView })
  print(options.json, answer, () => presentSimulation(answer))
}

async function activate(file: string, options: Options & { readonly reason: string }): Promise<void> {
  const client = await InstanceClient.open(options.data)
  const body = { file: await readRules(file), reason: options.reason }
  const path = '/api/rules/activate'
  const version = await client.request({ service: 'appliance', method: 'POST', path, body, schema: ruleVersion })
  print(options.json, version, () => `In force: ${describe(version)}`)
}

async function history(options: Options): Promise<void> {
  const client = await InstanceClient.open(options.data)
  const path = '/api/rules/history'
  const { versions } = await client.request({ service: 'appliance', method: 'GET', path, schema: ruleHistory })
  print(options.json, versions, () =>
    renderTable(
      ['version', 'activated', 'author', 'changes', 'reason'],
      versions.map((one) => [one.version, one.activatedAt, one.author, one.changes.length, one.reason]),
    ),
  )
}

async function diff(from: number, to: number, options: Options): Promise<void> {
  const client = await InstanceClient.open(options.data)
  const path = `/api/rules/difference?from=${from}&to=${to}`
  const answer = await client.request({ service: 'appliance', method: 'GET', path, schema: ruleDifference })
  print(options.json, answer, () => presentChanges(answer.changes))
}

async function held(options: Options): Promise<void> {
  const client = await InstanceClient.open(options.data)
  const answer = await client.request({
    service: 'appliance',
    method: 'GET',
    path: '/api/rules/held',
    schema: heldList,
  })
  print(options.json, answer.held, () =>
    renderTable(
      ['study', 'rev', 'rule', 'complete', 'reason'],
      answer.held.map((one) => [one.study, one.revision, one.rule, one.completedAt, one.reason]),
    ),
  )
}

async function release(study: string, options: Options): Promise<void> {
  const client = await InstanceClient.open(options.data)
  const path = `/api/studies/${encodeURIComponent(study)}/release`
  const schema = z.object({ released: z.literal(true) })
  const answer = await client.request({ service: 'appliance', method: 'POST', path, body: {}, schema })
  print(options.json, answer, () => 'The study goes on.')
}

async function readRules(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8'))
  } catch (cause) {
    const missing = (cause as NodeJS.ErrnoException).code === 'ENOENT'
    throw new InstallerError(missing ? 'file-not-found' : 'input-invalid', {
      message: missing ? `there is no file ${path}` : `${path} is no JSON`,
      effect: 'nothing was read or changed',
      nextStep: 'name a rule file as described in docs/rules.md',
      cause,
    })
  }
}

function describe(version: RuleVersion): string {
  return `version ${version.version} of ${version.activatedAt} by ${version.author}: ${version.reason}`
}

function presentChanges(changes: RuleVersion['changes']): string {
  if (changes.length === 0) return 'No difference.'
  return changes
    .map(({ name, kind, before, after }) =>
      [
        `${kind} ${name}`,
        ...(before === null ? [] : [`  - ${before}`]),
        ...(after === null ? [] : [`  + ${after}`]),
      ].join('\n'),
    )
    .join('\n')
}

function presentSimulation(answer: SimulationView): string {
  const text = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value))
  const rows = answer.changes.map((one) => [
    one.study,
    one.revision,
    one.after.rule,
    one.members
      .map((member) => {
        const name = member as keyof typeof one.before
        return `${member} ${text(one.before[name])} -> ${text(one.after[name])}`
      })
      .join('; '),
  ])
  const decided = Object.entries(answer.decidedBy).map(([rule, count]) => [rule === '' ? '(no rule)' : rule, count])
  return [
    `${answer.examined} revisions since ${answer.since}; ${answer.changed} would be handled otherwise.`,
    ...(answer.withoutFacts === 0 ? [] : [`${answer.withoutFacts} have no recorded facts and are not judged.`]),
    '',
    renderTable(['rule', 'revisions'], decided),
    ...(rows.length === 0 ? [] : ['', renderTable(['study', 'rev', 'rule', 'change'], rows)]),
  ].join('\n')
}
