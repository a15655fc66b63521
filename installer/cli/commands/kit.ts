import { exportKit } from '@leadglass/sync-agent/agent'
import { silentLogger, systemClock } from '@leadglass/sync-agent/foundation'
import { carriedKitAnswer, kitAcknowledgements } from '@leadglass/ui/contract/hub-api'
import type { Command } from 'commander'
import { placeKit } from '../../kit/kit-folder.ts'
import { readAgentConfig, readKit } from '../../kit/read-kit.ts'
import { writeKit } from '../../kit/write-kit.ts'
import { layoutOf } from '../../start/layout.ts'
import { InstanceClient } from '../client.ts'
import { callerPath, print, wholeNumber, withData, withJson } from '../options.ts'

interface Options {
  readonly data: string
  readonly json: boolean
}

interface OutOptions extends Options {
  readonly out: string
}

/** `leadglass kit write|read|export|import`: models, recalls and envelopes by hand, for a box without a link. */
export function registerKit(program: Command): void {
  const kit = program
    .command('kit')
    .description('carry models, recalls and envelopes by hand, for a box without a link')
  withJson(withData(kit.command('write').description('at the hub: write a kit for boxes')))
    .requiredOption('--out <folder>', 'where the kit is written; an older kit there gives way', callerPath)
    .option('--device <name...>', 'acknowledgements for these devices only; for all when left out')
    .action(write)
  withJson(withData(kit.command('read').description('at the box: take a kit of the hub; opens no connection')))
    .argument('<folder>', 'where the kit lies', callerPath)
    .option('--wait <seconds>', 'how long the running agent may take', wholeNumber(10, 86_400), 3600)
    .action(read)
  withJson(withData(kit.command('export').description('at the box: write what waits for the hub; opens no connection')))
    .requiredOption('--out <folder>', 'where the kit is written; an older kit there gives way', callerPath)
    .action(exportTo)
  withJson(withData(kit.command('import').description('at the hub: take a kit of a box')))
    .argument('<folder>', 'where the kit lies, on the machine of the hub', callerPath)
    .action(importFrom)
}

async function write(options: OutOptions & { readonly device?: readonly string[] }): Promise<void> {
  const client = await InstanceClient.open(options.data)
  const path = '/api/kits/acknowledgements'
  const { notes } = await client.request({ service: 'hub', method: 'GET', path, schema: kitAcknowledgements })
  const wanted = notes.filter(({ device }) => options.device?.includes(device) !== false)
  const written = await placeKit(options.out, (folder) => writeKit(client.layout.hub.folder, folder, wanted))
  print(options.json, written, () =>
    [
      `The kit in ${options.out} holds ${written.models.join(', ') || 'no model'}.`,
      `Acknowledgements: ${written.acknowledgements.join(', ') || 'none'}.`,
      ...(written.freshUntil === null ? [] : [`A box installs from it until ${written.freshUntil}.`]),
      'At the box: leadglass kit read FOLDER',
    ].join('\n'),
  )
}

async function read(folder: string, options: Options & { readonly wait: number }): Promise<void> {
  const result = await readKit(layoutOf(options.data), folder, options.wait * 1000)
  print(options.json, result, () =>
    [`The kit was taken. Models in it: ${result.models.join(', ') || 'none'}.`, result.message].join('\n'),
  )
}

async function exportTo(options: OutOptions): Promise<void> {
  const config = await readAgentConfig(layoutOf(options.data))
  const ports = { clock: systemClock, logger: silentLogger }
  const done = await placeKit(options.out, (folder) => exportKit(config, folder, ports))
  print(options.json, done, () =>
    [
      `The kit in ${options.out} holds ${done.batches} batches of ${done.device}, ${done.bytes} bytes.`,
      ...(done.leftOut === 0
        ? []
        : [`${done.leftOut} files of the outbox are no batches of this box and were left out.`]),
      'At the hub: leadglass kit import FOLDER. Nothing counts as delivered until the answer is back.',
    ].join('\n'),
  )
}

async function importFrom(folder: string, options: Options): Promise<void> {
  const client = await InstanceClient.open(options.data)
  const request = {
    service: 'hub',
    method: 'POST',
    path: '/api/kits',
    body: { folder },
    schema: carriedKitAnswer,
  } as const
  const taken = await client.request(request)
  print(options.json, taken, () =>
    [
      `${taken.batches} batches of ${taken.device} were taken.`,
      ...taken.answers.map(({ code, count }) => `  ${count} envelopes were not: ${code}`),
      ...(taken.refused === 0 ? [] : [`  ${taken.refused} files are no batches`]),
      'The answer travels with the next kit: leadglass kit write --out FOLDER',
    ].join('\n'),
  )
}
