import { type RolloutDetail, rolloutList, rolloutView } from '@leadglass/ui/contract/hub-api'
import type { Command } from 'commander'
import { parseReference } from '../../approve/model-reference.ts'
import { InstanceClient } from '../client.ts'
import { print, wholeNumber, withData, withJson } from '../options.ts'
import { renderTable } from '../table.ts'

interface Options {
  readonly data: string
  readonly json: boolean
}

const RULES = [
  'maximumErrorPermille',
  'maximumNotScoredPermille',
  'maximumRollbacks',
  'maximumDriftAlarms',
  'reportWithinHours',
  'soakHours',
] as const

type BeginOptions = Options & { readonly canary: readonly string[] } & Readonly<
    Partial<Record<(typeof RULES)[number], number>>
  >

/** `leadglass rollout list|show|begin|pause|resume|halt`. */
export function registerRollout(program: Command): void {
  const rollout = program.command('rollout').description('bring a published version to the sites, ring by ring')
  const number = wholeNumber(1, Number.MAX_SAFE_INTEGER)
  const permille = wholeNumber(0, 1000)
  const count = wholeNumber(0, 10_000)
  withJson(withData(rollout.command('list').description('rollouts, newest first'))).action(list)
  withJson(withData(rollout.command('show').description('one rollout: rings, sites, reasons')))
    .argument('<rollout>', 'number, as listed', number)
    .action(show)
  withJson(withData(rollout.command('begin').description('canary sites first, then a tenth of the others, then all')))
    .argument('<name@version>')
    .requiredOption('--canary <devices...>', 'sites that go first')
    .option('--maximum-error-permille <n>', 'images in a thousand that the model failed on', permille)
    .option('--maximum-not-scored-permille <n>', 'images in a thousand without a score', permille)
    .option('--maximum-rollbacks <n>', 'sites that took the version back', count)
    .option('--maximum-drift-alarms <n>', 'alarms of drift', count)
    .option('--report-within-hours <n>', 'a site without a report for so long stops the rollout', wholeNumber(1, 2160))
    .option('--soak-hours <n>', 'how long a ring uses the version before the next begins', wholeNumber(0, 2160))
    .action(begin)
  for (const [kind, description] of [
    ['pause', 'assign nothing further; nothing is taken back'],
    ['resume', 'go on after a pause'],
    ['halt', 'end a rollout for good'],
  ] as const) {
    withJson(withData(rollout.command(kind).description(description)))
      .argument('<rollout>', 'number, as listed', number)
      .requiredOption('--reason <text>', 'why, for the record')
      .action((id: number, options: Options & { readonly reason: string }) => command(kind, id, options))
  }
}

async function list(options: Options): Promise<void> {
  const client = await InstanceClient.open(options.data)
  const found = await client.request({ service: 'hub', method: 'GET', path: '/api/rollouts', schema: rolloutList })
  print(options.json, found, () =>
    renderTable(
      ['rollout', 'model', 'version', 'state', 'ring', 'in use', 'sites', 'why'],
      found.rollouts.map(({ rollout, model, state, ring, rings, sites, reason }) => [
        rollout,
        model.name,
        model.version,
        state,
        `${ring} of ${rings}`,
        sites.filter(({ progress }) => progress === 'in-use').length,
        sites.length,
        reason,
      ]),
    ),
  )
}

async function show(id: number, options: Options): Promise<void> {
  const client = await InstanceClient.open(options.data)
  const path = `/api/rollouts/${id}`
  tell(options, await client.request({ service: 'hub', method: 'GET', path, schema: rolloutView }))
}

async function begin(reference: string, options: BeginOptions): Promise<void> {
  const client = await InstanceClient.open(options.data)
  const given = RULES.flatMap((rule) => (options[rule] === undefined ? [] : [[rule, options[rule]] as const]))
  const body = { ...parseReference(reference), canaries: options.canary, rules: Object.fromEntries(given) }
  const path = '/api/rollouts'
  tell(options, await client.request({ service: 'hub', method: 'POST', path, body, schema: rolloutView }))
}

async function command(
  kind: 'pause' | 'resume' | 'halt',
  id: number,
  options: Options & { readonly reason: string },
): Promise<void> {
  const client = await InstanceClient.open(options.data)
  const path = `/api/rollouts/${id}/command`
  const body = { kind, reason: options.reason }
  tell(options, await client.request({ service: 'hub', method: 'POST', path, body, schema: rolloutView }))
}

function tell({ json }: Options, found: RolloutDetail): void {
  print(json, found, () =>
    [
      `Rollout ${found.rollout} of ${found.model.name} ${found.model.version}: ${found.state}, ring ${found.ring} of ${found.rings}.`,
      ...(found.reason === null ? [] : [`Why: ${found.reason}`]),
      renderTable(
        ['ring', 'site', 'progress', 'images', 'errors', 'not scored', 'last report'],
        found.sites.map(({ ring, device, progress, runs, errors, notScored, lastReportAt }) => [
          ring,
          device,
          progress,
          runs,
          errors,
          notScored,
          lastReportAt,
        ]),
      ),
    ].join('\n'),
  )
}
