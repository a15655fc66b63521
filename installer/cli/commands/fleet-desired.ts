import { readFile } from 'node:fs/promises'
import {
  type DeviceState,
  desiredHistory,
  desiredQueued,
  deviceState,
  fleetGroups,
  keyRotated,
} from '@leadglass/ui/contract/hub-api'
import { type Command, Option } from 'commander'
import { InstallerError } from '../../errors.ts'
import { InstanceClient } from '../client.ts'
import { callerPath, print, wholeNumber, withData, withJson } from '../options.ts'
import { renderTable } from '../table.ts'

interface Options {
  readonly data: string
  readonly json: boolean
}

interface ScopeOptions extends Options {
  readonly device?: string
  readonly group?: string
}

/** `leadglass fleet desired show|set|history` and `leadglass fleet group add|remove|list`. */
export function registerDesired(fleet: Command): void {
  const desired = fleet.command('desired').description('what the hub wishes of devices, and what they say became of it')
  withJson(withData(desired.command('show').description('a device: documents, reported state, differences')))
    .argument('<device>', 'name of the device')
    .action(show)
  scoped(
    desired.command('set').description('replace what is wished of a device or a group; queues a numbered document'),
  )
    .argument('<file>', 'sections as JSON', callerPath)
    .requiredOption('--reason <text>', 'why, for the history')
    .option('--expires <instant>', 'not applied any more after this instant, ISO 8601')
    .action(set)
  withJson(withData(desired.command('rotate-key').description('let another key sign; the old one vouches for it')))
    .requiredOption('--reason <text>', 'why, for the record')
    .action(rotate)
  scoped(desired.command('history').description('who wished what, when and why, newest first'))
    .option('--limit <n>', 'at most so many', wholeNumber(1, 1000), 50)
    .action(history)
  const group = fleet.command('group').description('groups of devices that are wished the same')
  for (const name of ['add', 'remove'] as const) {
    withJson(withData(group.command(name).description(`${name} a device`)))
      .argument('<group>', 'name of the group')
      .argument('<device>', 'name of the device')
      .action((to: string, device: string, options: Options) => move(to, device, name === 'add', options))
  }
  withJson(withData(group.command('list').description('groups and their devices'))).action(groups)
}

function scoped(command: Command): Command {
  return withJson(withData(command))
    .addOption(new Option('--device <name>', 'of one device').conflicts('group'))
    .addOption(new Option('--group <name>', 'of every device of a group'))
}

function scopeOf({ device, group }: ScopeOptions): { readonly scope: 'device' | 'group'; readonly name: string } {
  if (device !== undefined) return { scope: 'device', name: device }
  if (group !== undefined) return { scope: 'group', name: group }
  throw new InstallerError('input-invalid', {
    message: 'a wish is of one device or of one group',
    effect: 'nothing was changed',
    nextStep: 'say either --device or --group',
  })
}

async function show(device: string, options: Options): Promise<void> {
  const client = await InstanceClient.open(options.data)
  const path = `/api/devices/${encodeURIComponent(device)}/state`
  const found = await client.request({ service: 'hub', method: 'GET', path, schema: deviceState })
  print(options.json, found, () => present(found))
}

async function set(
  file: string,
  options: ScopeOptions & { readonly reason: string; readonly expires?: string },
): Promise<void> {
  const client = await InstanceClient.open(options.data)
  const body = {
    ...scopeOf(options),
    sections: await readSections(file),
    reason: options.reason,
    expiresAt: options.expires ?? null,
  }
  const path = '/api/fleet/desired'
  const answer = await client.request({ service: 'hub', method: 'POST', path, body, schema: desiredQueued })
  print(options.json, answer, () =>
    answer.devices.length === 0
      ? 'Nothing new: every device has this already.'
      : `Queued for ${answer.devices.join(', ')}.`,
  )
}

async function rotate(options: Options & { readonly reason: string }): Promise<void> {
  const client = await InstanceClient.open(options.data)
  const path = '/api/fleet/desired-key/rotation'
  const body = { reason: options.reason }
  const answer = await client.request({ service: 'hub', method: 'POST', path, body, schema: keyRotated })
  print(
    options.json,
    answer,
    () => `key ${answer.number} signs from now on; boxes follow by its link to the one before`,
  )
}

async function history(options: ScopeOptions & { readonly limit: number }): Promise<void> {
  const client = await InstanceClient.open(options.data)
  const { scope, name } = scopeOf(options)
  const path = `/api/fleet/desired/history?scope=${scope}&name=${encodeURIComponent(name)}&limit=${options.limit}`
  const found = await client.request({ service: 'hub', method: 'GET', path, schema: desiredHistory })
  print(options.json, found, () =>
    renderTable(
      ['at', 'author', 'reason', 'sections'],
      found.edits.map(({ at, author, reason, sections }) => [at, author, reason, JSON.stringify(sections)]),
    ),
  )
}

async function move(group: string, device: string, member: boolean, options: Options): Promise<void> {
  const client = await InstanceClient.open(options.data)
  const path = '/api/fleet/groups'
  const body = { group, device, member }
  const answer = await client.request({ service: 'hub', method: 'POST', path, body, schema: desiredQueued })
  print(options.json, answer, () => `${device} is ${member ? 'in' : 'no longer in'} ${group}.`)
}

async function groups(options: Options): Promise<void> {
  const client = await InstanceClient.open(options.data)
  const found = await client.request({ service: 'hub', method: 'GET', path: '/api/fleet/groups', schema: fleetGroups })
  print(options.json, found, () =>
    renderTable(
      ['group', 'devices'],
      found.groups.map(({ name, devices }) => [name, devices.join(', ')]),
    ),
  )
}

async function readSections(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, 'utf8'))
  } catch (cause) {
    throw new InstallerError('input-invalid', {
      message: `${file} is not JSON that can be read`,
      effect: 'nothing was changed',
      nextStep: 'see docs/desired-state.md for its form',
      cause,
    })
  }
}

function present({ device, groups: of, documents, reported, differences }: DeviceState): string {
  const said =
    reported === null
      ? 'has reported nothing yet'
      : `reported ${reported.version} at ${reported.at}${reported.refusal === null ? '' : `, the last report refused: ${reported.refusal}`}`
  return [
    `${device}${of.length === 0 ? '' : ` (${of.join(', ')})`}: ${said}`,
    renderTable(
      ['document', 'state', 'reason', 'queued', 'ended'],
      documents.map(({ version, state, reason, queuedAt, endedAt }) => [
        String(version),
        state,
        reason ?? '',
        queuedAt,
        endedAt ?? '',
      ]),
    ),
    renderTable(
      ['section', 'device says', 'reason'],
      differences.map(({ section, state, reason }) => [section, state, reason ?? '']),
    ),
  ].join('\n\n')
}
