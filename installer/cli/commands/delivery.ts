import { type DeliveryItem, deliveryItem, deliveryList, replayAnswer } from '@leadglass/ui/contract/local-api'
import type { Command } from 'commander'
import { z } from 'zod'
import { InstallerError } from '../../errors.ts'
import { InstanceClient } from '../client.ts'
import { print, wholeNumber, withData, withJson } from '../options.ts'
import { renderTable } from '../table.ts'

interface Options {
  readonly data: string
  readonly json: boolean
}

interface ListOptions extends Options {
  readonly destination?: string
  readonly state?: string
  readonly before?: number
  readonly limit: number
}

interface ReplayOptions extends Options {
  readonly destination?: string
  readonly since?: string
  readonly all?: boolean
}

const number = wholeNumber(1, Number.MAX_SAFE_INTEGER)

/** `leadglass delivery list|show|replay|drop`. */
export function registerDelivery(program: Command): void {
  const delivery = program.command('delivery').description('results on their way to destinations, and those given up')
  withJson(withData(delivery.command('list').description('list deliveries, newest first')))
    .option('--destination <name>', 'of this destination only')
    .option('--state <state>', 'pending, accepted or dead')
    .option('--before <delivery>', 'numbers below this one', number)
    .option('--limit <count>', 'at most so many', wholeNumber(1, 500), 100)
    .action(list)
  withJson(withData(delivery.command('show').description('show one delivery, and what to do about it')))
    .argument('<delivery>', 'number, as listed', number)
    .action(show)
  withJson(withData(delivery.command('replay').description('send again what was given up')))
    .argument('[delivery]', 'number, as listed', number)
    .option('--destination <name>', 'every dead delivery of this destination; say --since or --all with it')
    .option('--since <time>', 'those that died at this time or later, such as 2026-01-05T08:00:00Z')
    .option('--all', 'whenever they died')
    .action(replay)
  withJson(withData(delivery.command('drop').description('give one delivery up for good')))
    .argument('<delivery>', 'number, as listed', number)
    .requiredOption('--reason <text>', 'why, for the record')
    .action(drop)
}

async function list(options: ListOptions): Promise<void> {
  const { destination, state, before, limit } = options
  const query = new URLSearchParams({ limit: String(limit) })
  if (destination !== undefined) query.set('destination', destination)
  if (state !== undefined) query.set('state', state)
  if (before !== undefined) query.set('before', String(before))
  const client = await InstanceClient.open(options.data)
  const path = `/api/deliveries?${query.toString()}`
  const { deliveries } = await client.request({ service: 'appliance', method: 'GET', path, schema: deliveryList })
  print(options.json, deliveries, () =>
    renderTable(
      ['delivery', 'study', 'revision', 'kind', 'destination', 'state', 'attempts', 'reason', 'since'],
      deliveries.map((one) => [
        one.delivery,
        one.study,
        one.revision,
        one.kind,
        one.destination,
        one.standing,
        one.attempts,
        one.reason,
        one.settledAt ?? one.createdAt,
      ]),
    ),
  )
}

async function show(delivery: number, options: Options): Promise<void> {
  const client = await InstanceClient.open(options.data)
  const path = `/api/deliveries/${delivery}`
  const one = await client.request({ service: 'appliance', method: 'GET', path, schema: deliveryItem })
  print(options.json, one, () => linesOf(one).join('\n'))
}

function linesOf(one: DeliveryItem): string[] {
  const lines = [
    `Delivery ${one.delivery}: ${one.kind} of study ${one.study}, revision ${one.revision}, to ${one.destination}`,
    `SOP Instance UID ${one.sopInstanceUid}`,
    `${one.standing}, ${one.attempts} attempts, made ${one.createdAt}`,
  ]
  if (one.nextAttemptAt !== null) lines.push(`looked at again from ${one.nextAttemptAt}`)
  if (one.settledAt !== null) lines.push(`ended ${one.settledAt}`)
  if (one.reason !== null)
    lines.push(`reason: ${one.reason} (${one.failureClass ?? ''})`, `next: ${one.nextStep ?? ''}`)
  if (one.dropReason !== null) lines.push(`dropped by ${one.droppedBy ?? ''}: ${one.dropReason}`)
  return lines
}

async function replay(delivery: number | undefined, options: ReplayOptions): Promise<void> {
  const client = await InstanceClient.open(options.data)
  const path = '/api/deliveries/replay'
  const body = replayBody(delivery, options)
  const answer = await client.request({ service: 'appliance', method: 'POST', path, body, schema: replayAnswer })
  print(options.json, answer, () => `${answer.replayed} deliveries wait again and are tried now.`)
}

function replayBody(delivery: number | undefined, { destination, since, all }: ReplayOptions): object {
  if (delivery !== undefined && destination === undefined && since === undefined && all !== true) return { delivery }
  if (delivery === undefined && destination !== undefined && (since === undefined) === (all === true)) {
    if (since === undefined) return { destination, all: true }
    const at = new Date(since)
    if (!Number.isNaN(at.getTime())) return { destination, since: at.toISOString() }
  }
  throw new InstallerError('input-invalid', {
    message: 'what is to be sent again is not clear',
    effect: 'nothing was sent again',
    nextStep: 'name one delivery, or --destination NAME with --since TIME or --all',
  })
}

async function drop(delivery: number, options: Options & { readonly reason: string }): Promise<void> {
  const client = await InstanceClient.open(options.data)
  const path = `/api/deliveries/${delivery}/drop`
  const schema = z.object({ dropped: z.literal(true) })
  const body = { reason: options.reason }
  const answer = await client.request({ service: 'appliance', method: 'POST', path, body, schema })
  print(options.json, answer, () => `Delivery ${delivery} is given up; its number, reason and who did it are kept.`)
}
