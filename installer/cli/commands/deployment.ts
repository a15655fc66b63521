import { type CandidateView, type DeploymentList, deploymentList } from '@leadglass/ui/contract/local-api'
import { type Command, InvalidArgumentError } from 'commander'
import { InstanceClient } from '../client.ts'
import { print, wholeNumber, withData, withJson } from '../options.ts'
import { renderTable } from '../table.ts'

interface Options {
  readonly data: string
  readonly json: boolean
}

const RAILS = [
  'minimumRuns',
  'maximumErrorPermille',
  'maximumLatencyRatioMilli',
  'minimumAgreementPermille',
  'minimumKappaMilli',
  'maximumDriftMilli',
] as const

type StartOptions = Options & { readonly permille?: number } & Readonly<Partial<Record<(typeof RAILS)[number], number>>>

/** `leadglass deployment status|shadow|canary|arm|share|end|promote|new-versions`. */
export function registerDeployment(program: Command): void {
  const deployment = program
    .command('deployment')
    .description('approved versions beside the one in use: in the shadow, for a share of the studies, and promotion')
  const add = (name: string, description: string): Command =>
    withJson(withData(deployment.command(name).description(description)))
  const share = wholeNumber(1, 1000)
  add('status', 'what runs beside the versions in use, how it compares, and what was stopped').action(status)
  withRails(add('shadow', 'run a version on studies whose result is out already, and count how it compares'))
    .argument('<name@version>')
    .action((named: string, options: StartOptions) => start('shadow', named, options))
  withRails(add('canary', 'let a version score a small share of the studies'))
    .argument('<name@version>')
    .requiredOption('--permille <n>', 'studies in a thousand', share)
    .action((named: string, options: StartOptions) => start('canary', named, options))
  withRails(add('arm', 'let a version score a share of the studies as an arm of a comparison (A/B)'))
    .argument('<name@version>')
    .requiredOption('--permille <n>', 'studies in a thousand', share)
    .action((named: string, options: StartOptions) => start('arm', named, options))
  add('share', 'change the share of a canary or an arm')
    .argument('<name@version>')
    .requiredOption('--permille <n>', 'studies in a thousand', share)
    .action((named: string, options: StartOptions) =>
      change(options, '/api/deployments/share', { ...versionOf(named), permille: options.permille }),
    )
  add('end', 'end a version that runs beside the one in use, or settle the alarm of one that was stopped')
    .argument('<name@version>')
    .action((named: string, options: Options) => change(options, '/api/deployments/end', versionOf(named)))
  add('promote', 'make a version the one in use')
    .argument('<name@version>')
    .action((named: string, options: Options) => change(options, '/api/deployments/promote', versionOf(named)))
  add('new-versions', 'say whether a version that arrives is put to use by itself ("activate") or waits ("stage")')
    .argument('<name>')
    .argument('<activate|stage>')
    .action((name: string, newVersions: string, options: Options) =>
      change(options, '/api/deployments/new-versions', { name, newVersions }),
    )
}

function withRails(command: Command): Command {
  const permille = wholeNumber(0, 1000)
  const milli = wholeNumber(1, 1_000_000)
  return command
    .option('--minimum-runs <n>', 'runs before anything but errors is judged', wholeNumber(1, 100_000))
    .option('--maximum-error-permille <n>', 'failed runs in a thousand', permille)
    .option('--maximum-latency-ratio-milli <n>', '95th percentile over that of the version in use, thousandths', milli)
    .option('--minimum-agreement-permille <n>', 'same side of the operating point, in a thousand', permille)
    .option('--minimum-kappa-milli <n>', "Cohen's kappa, in thousandths", wholeNumber(-1000, 1000))
    .option('--maximum-drift-milli <n>', 'population stability index, in thousandths', milli)
}

async function status(options: Options): Promise<void> {
  const client = await InstanceClient.open(options.data)
  const path = '/api/deployments'
  show(options, await client.request({ service: 'appliance', method: 'GET', path, schema: deploymentList }))
}

async function start(role: CandidateView['role'], named: string, options: StartOptions): Promise<void> {
  const given = RAILS.flatMap((rail) => (options[rail] === undefined ? [] : [[rail, options[rail]] as const]))
  const permille = options.permille ?? 0
  const body = { ...versionOf(named), role, permille, guardrails: Object.fromEntries(given) }
  await change(options, '/api/deployments', body)
}

async function change(options: Options, path: string, body: unknown): Promise<void> {
  const client = await InstanceClient.open(options.data)
  show(options, await client.request({ service: 'appliance', method: 'POST', path, body, schema: deploymentList }))
}

function show(options: Options, list: DeploymentList): void {
  print(options.json, list, () =>
    [
      renderTable(
        ['model', 'in use', 'share', 'ready', 'new versions'],
        list.models.map(({ name, champion, championPermille, ready, newVersions }) => [
          name,
          champion,
          `${championPermille / 10} %`,
          ready.join(', ') || '-',
          newVersions,
        ]),
      ),
      '',
      renderTable(
        ['version', 'role', 'share', 'state', 'runs', 'errors', 'p95 ms', 'agreement', 'kappa', 'drift', 'verdict'],
        list.candidates.map(rowOf),
      ),
      ...list.candidates
        .filter(({ state }) => state === 'stopped')
        .map((one) => `Stopped: ${one.name}@${one.version}: ${one.reason ?? ''}. Look at it, then end it.`),
    ].join('\n'),
  )
}

function rowOf(one: CandidateView): readonly (string | number | null)[] {
  const known = (values: readonly (number | null)[]): number[] => values.filter((value) => value !== null)
  const least = (values: readonly number[]): number | null => (values.length === 0 ? null : Math.min(...values))
  const drifts = known(one.outputs.map(({ psi }) => psi))
  return [
    `${one.name}@${one.version}`,
    one.role,
    `${one.permille / 10} %`,
    one.state,
    one.figures.runs,
    one.figures.errors,
    one.figures.p95Ms,
    least(known(one.outputs.map(({ agreement }) => agreement))),
    least(known(one.outputs.map(({ kappa }) => kappa))),
    drifts.length === 0 ? null : Math.max(...drifts),
    one.state === 'running' ? one.verdict : (one.reason ?? one.state),
  ]
}

function versionOf(named: string): { readonly name: string; readonly version: string } {
  const [, name, version] = /^([a-z][a-z0-9-]{1,63})@(\d{1,4}\.\d{1,4}\.\d{1,6})$/.exec(named) ?? []
  if (name === undefined || version === undefined) throw new InvalidArgumentError('It must be name@version.')
  return { name, version }
}
