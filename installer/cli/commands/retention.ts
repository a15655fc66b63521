import { purgeList, retentionPlan, retentionRun } from '@leadglass/ui/contract/local-api'
import type { Command } from 'commander'
import { InstanceClient } from '../client.ts'
import { print, withData, withJson } from '../options.ts'
import { renderTable } from '../table.ts'

interface Options {
  readonly data: string
  readonly json: boolean
}

/** `leadglass retention plan|run|purged`. */
export function registerRetention(program: Command): void {
  const retention = program.command('retention').description('how long studies are kept, and what has gone')
  const add = (name: string, description: string): Command =>
    withJson(withData(retention.command(name).description(description)))
  add('plan', 'show what a run would remove now, and why the rest stays; changes nothing').action(plan)
  add('run', 'remove what is due now: keys destroyed, files removed, identity blanked').action(run)
  add('purged', 'list what has gone, newest first').action(purged)
}

async function plan(options: Options): Promise<void> {
  const client = await InstanceClient.open(options.data)
  const path = '/api/retention/plan'
  const answer = await client.request({ service: 'appliance', method: 'GET', path, schema: retentionPlan })
  print(options.json, answer, () =>
    [
      `${answer.dueCount} studies (${answer.dueBytes} bytes), ${answer.priors} fetched priors and ${answer.quarantined} instances in quarantine would go.`,
      ...(Object.keys(answer.kept).length === 0 && answer.dueCount === 0
        ? ['The settings have no retention rule: every study stays.']
        : ['', renderTable(['stays because', 'studies'], Object.entries(answer.kept))]),
      '',
      renderTable(
        ['study', 'rule', 'due since'],
        answer.due.map((one) => [one.study, one.rule, one.since]),
      ),
    ].join('\n'),
  )
}

async function run(options: Options): Promise<void> {
  const client = await InstanceClient.open(options.data)
  const path = '/api/retention/run'
  const answer = await client.request({ service: 'appliance', method: 'POST', path, body: {}, schema: retentionRun })
  print(
    options.json,
    answer,
    () =>
      `${answer.purged} studies, ${answer.priors} fetched priors and ${answer.quarantined} instances in quarantine removed${answer.finished ? '' : '; the window closed before all was done'}.`,
  )
}

async function purged(options: Options): Promise<void> {
  const client = await InstanceClient.open(options.data)
  const path = '/api/retention/purged'
  const answer = await client.request({ service: 'appliance', method: 'GET', path, schema: purgeList })
  print(options.json, answer.purged, () =>
    renderTable(
      ['study', 'rule', 'instances', 'bytes', 'removed', 'written over'],
      answer.purged.map((one) => [one.study, one.rule, one.instances, one.bytes, one.at, one.settledAt]),
    ),
  )
}
