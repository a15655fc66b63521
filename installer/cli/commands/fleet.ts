import { enrolmentList, invitation } from '@leadglass/ui/contract/hub-api'
import type { Command } from 'commander'
import { z } from 'zod'
import { InstanceClient } from '../client.ts'
import { print, withData, withJson } from '../options.ts'
import { renderTable } from '../table.ts'
import { registerDesired } from './fleet-desired.ts'

interface Options {
  readonly data: string
  readonly json: boolean
}

const done = z.object({ done: z.literal(true) })

/** `leadglass fleet list|invite|revoke|release`. */
export function registerFleet(program: Command): void {
  const fleet = program
    .command('fleet')
    .description('boxes of the hub: who may join, whose certificate ends, who is held')
  const add = (name: string, description: string): Command =>
    withJson(withData(fleet.command(name).description(description)))
  registerDesired(fleet)
  add('list', 'show every box, the end of its certificate, and codes that wait').action(list)
  add('invite <device>', 'make a one-time code with which a box joins under this name; shown once')
    .option('--minutes <n>', 'how long the code is good for, 1 to 1440', '60')
    .action(invite)
  add('revoke <device>', 'end a box’s right to connect, at once and for good')
    .requiredOption('--reason <text>', 'why, for the record')
    .action(revoke)
  add('release <device>', 'let a box that was held as a copy go on: you found that there is only one').action(release)
}

async function list(options: Options): Promise<void> {
  const client = await InstanceClient.open(options.data)
  const answer = await client.request({ service: 'hub', method: 'GET', path: '/api/enrolment', schema: enrolmentList })
  print(options.json, answer, () =>
    [
      renderTable(
        ['device', 'state', 'certificate ends'],
        answer.devices.map((one) => [one.device, stateOf(one), one.notAfter]),
      ),
      ...answer.invitations.map(({ device, expiresAt }) => `a code for ${device} waits until ${expiresAt}`),
      `fingerprint of the hub: ${answer.authorityFingerprint}`,
    ].join('\n'),
  )
}

async function invite(device: string, options: Options & { readonly minutes: string }): Promise<void> {
  const client = await InstanceClient.open(options.data)
  const path = `/api/devices/${encodeURIComponent(device)}/invitation`
  const body = { minutes: Number(options.minutes) }
  const answer = await client.request({ service: 'hub', method: 'POST', path, body, schema: invitation })
  print(options.json, answer, () =>
    [
      `code: ${answer.code}`,
      `for ${answer.device}, once, until ${answer.expiresAt}`,
      `fingerprint of the hub: ${answer.authorityFingerprint}`,
      `fingerprint of what the box pins: ${answer.anchors.all}`,
      `on the box: leadglass enrol --hub mqtts://HUB:${client.instance.ports.mqtt} --code ${answer.code}`,
    ].join('\n'),
  )
}

async function revoke(device: string, options: Options & { readonly reason: string }): Promise<void> {
  const path = `/api/devices/${encodeURIComponent(device)}/revocation`
  await post(options, path, { reason: options.reason }, `${device} is revoked`)
}

async function release(device: string, options: Options): Promise<void> {
  await post(options, `/api/devices/${encodeURIComponent(device)}/release`, {}, `${device} may connect again`)
}

async function post(options: Options, path: string, body: unknown, words: string): Promise<void> {
  const client = await InstanceClient.open(options.data)
  const answer = await client.request({ service: 'hub', method: 'POST', path, body, schema: done })
  print(options.json, answer, () => words)
}

function stateOf(device: { readonly revokedAt: string | null; readonly heldReason: string | null }): string {
  if (device.revokedAt !== null) return 'revoked'
  return device.heldReason === null ? 'enrolled' : `held (${device.heldReason})`
}
