import { readFile } from 'node:fs/promises'
import {
  type SettingsPlan,
  settingsApplied,
  settingsHistory,
  settingsPlan,
  settingsVersionDetail,
  settingsView,
} from '@leadglass/ui/contract/local-api'
import type { Command } from 'commander'
import { InstallerError } from '../../errors.ts'
import { InstanceClient } from '../client.ts'
import { EXIT } from '../exit.ts'
import { callerPath, print, wholeNumber, withData, withJson } from '../options.ts'
import { renderTable } from '../table.ts'

interface CommonOptions {
  readonly data: string
  readonly json: boolean
}

/** `leadglass settings show|plan|apply|history`. */
export function registerSettings(program: Command): void {
  const settings = program
    .command('settings')
    .description('what the site decides about its appliance: who may call, where results go, TLS, limits')
  const show = settings.command('show').description('show the settings in force, and what is amiss with them')
  withJson(withData(show)).action(showSettings)
  const plan = settings
    .command('plan')
    .description('say in plain words what a settings file would change, and what is risky; changes nothing')
    .argument('<file>', 'settings as JSON', callerPath)
    .addHelpText('after', '\nExit status 4 when the file is not valid.')
  withJson(withData(plan)).action(planSettings)
  const apply = settings
    .command('apply')
    .description('plan, then put a settings file into force without a restart')
    .argument('<file>', 'settings as JSON', callerPath)
    .option('--accept-risks', 'apply although the plan names risks', false)
    .addHelpText('after', '\nExit status 4 when the file is not valid, or has risks that are not accepted.')
  withJson(withData(apply)).action(applySettings)
  const history = settings
    .command('history')
    .description('list the versions of the settings, newest first; with --show, print one')
    .option('--limit <n>', 'at most so many', wholeNumber(1, 1000), 50)
    .option('--show <version>', 'print the text of this version', wholeNumber(1, 999_999_999))
  withJson(withData(history)).action(showHistory)
}

async function showSettings(options: CommonOptions): Promise<void> {
  const client = await InstanceClient.open(options.data)
  const view = await client.request({
    service: 'appliance',
    method: 'GET',
    path: '/api/settings',
    schema: settingsView,
  })
  const { settings, version, problems, certificates } = view
  print(options.json, view, () =>
    [
      version === null
        ? 'The defaults are in force.'
        : `Version ${version.version}, by ${version.author} at ${version.at}.`,
      ...problems.map((problem) => `PROBLEM: ${problem}`),
      ...certificates.map(({ file, subject, notAfter }) => `Certificate ${file}: ${subject}, until ${notAfter}.`),
      JSON.stringify(settings, null, 2),
    ].join('\n'),
  )
}

async function planSettings(file: string, options: CommonOptions): Promise<void> {
  const client = await InstanceClient.open(options.data)
  const plan = await fetchPlan(client, await readProposal(file))
  print(options.json, plan, () => presentPlan(plan))
  process.exitCode = plan.valid ? EXIT.done : EXIT.refused
}

async function applySettings(file: string, options: CommonOptions & { readonly acceptRisks: boolean }): Promise<void> {
  const client = await InstanceClient.open(options.data)
  const settings = await readProposal(file)
  const plan = await fetchPlan(client, settings)
  const risky = plan.remarks.some(({ severity }) => severity === 'risk')
  const refused = !plan.valid || (risky && !options.acceptRisks)
  if (refused || plan.changes.length === 0) {
    print(options.json, { plan, version: null }, () =>
      [
        presentPlan(plan),
        ...(refused && plan.valid ? ['Not applied: say --accept-risks when you have read them.'] : []),
      ].join('\n'),
    )
    process.exitCode = refused ? EXIT.refused : EXIT.done
    return
  }
  const { version } = await client.request({
    service: 'appliance',
    method: 'POST',
    path: '/api/settings',
    body: { settings, base: plan.base, acceptRisks: options.acceptRisks },
    schema: settingsApplied,
  })
  print(options.json, { plan, version }, () => `${presentPlan(plan)}\nApplied as version ${version}.`)
}

async function showHistory(options: CommonOptions & { readonly limit: number; readonly show?: number }): Promise<void> {
  const client = await InstanceClient.open(options.data)
  if (options.show !== undefined) {
    const path = `/api/settings/versions/${options.show}`
    const detail = await client.request({ service: 'appliance', method: 'GET', path, schema: settingsVersionDetail })
    print(options.json, detail, () => detail.content.trimEnd())
    return
  }
  const path = `/api/settings/versions?limit=${options.limit}`
  const history = await client.request({ service: 'appliance', method: 'GET', path, schema: settingsHistory })
  print(options.json, history, () =>
    renderTable(
      ['version', 'at', 'author', 'by way of', 'SHA-256'],
      history.versions.map(({ version, at, author, source, digest }) => [version, at, author, source, digest]),
    ),
  )
}

function fetchPlan(client: InstanceClient, settings: unknown): Promise<SettingsPlan> {
  const path = '/api/settings/plan'
  return client.request({ service: 'appliance', method: 'POST', path, body: { settings }, schema: settingsPlan })
}

/** A plan as a person reads it: faults, changes, then what follows. */
function presentPlan(plan: SettingsPlan): string {
  if (!plan.valid) {
    return [
      'NOT VALID: nothing would be changed.',
      ...plan.faults.map(({ where, words }) => `  ${where === '' ? '(whole file)' : where}: ${words}`),
    ].join('\n')
  }
  if (plan.changes.length === 0) return 'Nothing changes.'
  return [
    'Changes:',
    ...plan.changes.map(({ words }) => `  ${words}`),
    ...(plan.remarks.length === 0 ? ['No risk is known.'] : ['What follows:']),
    ...plan.remarks.map(({ severity, words }) => `  ${severity === 'risk' ? 'RISK: ' : ''}${words}`),
  ].join('\n')
}

async function readProposal(file: string): Promise<unknown> {
  const effect = 'nothing was planned or changed'
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    const message = `${file} cannot be read`
    throw new InstallerError('file-not-found', { message, effect, nextStep: 'name an existing file', cause })
  })
  try {
    return JSON.parse(text) as unknown
  } catch (cause) {
    const nextStep = 'mend the JSON; "leadglass settings show" prints the settings in force'
    throw new InstallerError('input-invalid', { message: `${file} is not JSON`, effect, nextStep, cause })
  }
}
