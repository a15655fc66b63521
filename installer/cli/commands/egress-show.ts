import { studyEgress } from '@leadglass/ui/contract/local-api'
import type { Command } from 'commander'
import { InstanceClient } from '../client.ts'
import { print, withData, withJson } from '../options.ts'
import { renderTable } from '../table.ts'

interface Options {
  readonly data: string
  readonly json: boolean
}

/** `leadglass egress show STUDY`: what the site knows beside what left, and each envelope. */
export function registerEgressShow(egress: Command): void {
  withJson(withData(egress.command('show')))
    .description('what left about one study, before and after; an access to the study, and recorded as one')
    .argument('<study>', 'study pseudonym, as listed')
    .action(show)
}

async function show(study: string, options: Options): Promise<void> {
  const client = await InstanceClient.open(options.data)
  const path = `/api/egress/studies/${encodeURIComponent(study)}`
  const answer = await client.request({ service: 'appliance', method: 'GET', path, schema: studyEgress })
  print(options.json, answer, () =>
    [
      renderTable(
        ['at the site', 'before', 'after', 'class'],
        answer.fields.map((one) => [one.name, one.before, one.after ?? 'does not leave', one.fieldClass]),
      ),
      '',
      renderTable(
        ['epoch', 'stream', 'sequence', 'kind', 'state', 'sealed at', 'at the hub since'],
        answer.envelopes.map((one) => [
          one.epoch,
          one.stream,
          one.sequence,
          one.kind,
          one.state,
          one.sealedAt,
          one.acknowledgedAt,
        ]),
      ),
      ...answer.waiting.map((one) => `Batch ${one.batch} waits for a person.`),
      ...Object.entries(answer.withheld).map(
        ([kind, count]) => `${count} ${kind} did not leave: the study is of an earlier generation of pseudonyms.`,
      ),
      ...Object.entries(answer.rejected ?? {}).map(
        ([kind, count]) =>
          `${count} ${kind} were not synced: the class was over its quota. The hub does not know them.`,
      ),
    ].join('\n'),
  )
}
