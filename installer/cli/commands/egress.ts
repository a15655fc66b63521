import { egressList } from '@leadglass/ui/contract/local-api'
import type { Command } from 'commander'
import { InstanceClient } from '../client.ts'
import { print, wholeNumber, withData, withJson } from '../options.ts'
import { renderTable } from '../table.ts'
import { registerEgressHeld } from './egress-held.ts'
import { registerEgressShow } from './egress-show.ts'

interface EgressOptions {
  readonly data: string
  readonly json: boolean
  readonly study?: string
  readonly limit: number
}

/** `leadglass egress list|show|held|release|refuse`: what left the building, and what waits. */
export function registerEgress(program: Command): void {
  const egress = program.command('egress').description('what leaves the building')
  registerEgressShow(egress)
  registerEgressHeld(egress)
  const list = egress
    .command('list')
    .description('list envelopes, newest first, each exactly as it leaves (JSON: with bodies)')
    .option('--study <study>', 'only this study pseudonym')
    .option('--limit <n>', 'at most so many', wholeNumber(1, 10_000), 100)
  withJson(withData(list)).action(async (options: EgressOptions) => {
    const client = await InstanceClient.open(options.data)
    const query = new URLSearchParams({ limit: String(options.limit) })
    if (options.study !== undefined) query.set('study', options.study)
    const facts = await client.request({
      service: 'appliance',
      method: 'GET',
      path: `/api/egress?${query.toString()}`,
      schema: egressList,
    })
    print(options.json, facts, () =>
      [
        renderTable(
          ['stream', 'sealed', 'acknowledged', 'refused'],
          facts.streams.map((stream) => [stream.stream, stream.sealed, stream.acknowledged, stream.refused]),
        ),
        `Held back until a cell reaches 11: ${facts.heldCells} cells.`,
        ...(facts.held === undefined
          ? []
          : [
              `Held for a person: ${facts.held.waiting} wait, ${facts.held.released} released, ${facts.held.refused} refused.`,
            ]),
        '',
        renderTable(
          ['epoch', 'stream', 'sequence', 'kind', 'study', 'state', 'sealed at'],
          facts.envelopes.map((entry) => [
            entry.epoch,
            entry.stream,
            entry.sequence,
            entry.kind,
            entry.study,
            entry.state,
            entry.sealedAt,
          ]),
        ),
      ].join('\n'),
    )
  })
}
