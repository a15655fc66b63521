import { writeFile } from 'node:fs/promises'
import {
  aliasList,
  cardView,
  type LineageView,
  lineageView,
  type VersionComparison,
  versionComparison,
  webhookAnswer,
  webhookList,
} from '@leadglass/ui/contract/hub-api'
import { type Command, Option } from 'commander'
import { parseReference } from '../../approve/model-reference.ts'
import { InstanceClient, type ServiceRequest } from '../client.ts'
import { callerPath, print, withData, withJson } from '../options.ts'
import { renderTable } from '../table.ts'

interface CommonOptions {
  readonly data: string
  readonly json: boolean
}

/** `leadglass registry card|sbom|lineage|compare|alias|webhook`. */
export function registerRegistry(program: Command): void {
  const registry = program
    .command('registry')
    .description('cards, lineage, comparison, aliases and webhooks of the hub')
  const command = (name: string, description: string): Command =>
    withJson(withData(registry.command(name).description(description)))
  command('card', 'the model card: what is complete, what is missing; or a file of it')
    .argument('<name@version>')
    .addOption(new Option('--format <format>', 'write it as a file').choices(['json', 'pdf', 'xml', 'fhir']))
    .option('--out <file>', 'where to write the file', callerPath)
    .action(card)
  command('sbom', 'CycloneDX of a package: runtime, operators, weights, licence')
    .argument('<name@version>')
    .requiredOption('--out <file>', 'where to write it', callerPath)
    .action(sbom)
  command('lineage', 'what a version came from, and what came from it').argument('<name@version>').action(lineage)
  command('compare', 'two versions of a model side by side')
    .argument('<name@first>')
    .argument('<second>', 'version number of the second')
    .action(compare)
  command('alias', 'aliases of a model; with --set or --remove, changes one')
    .argument('<name>')
    .option('--set <alias@version>', 'point an alias at a version')
    .option('--remove <alias>', 'take an alias away')
    .action(alias)
  command('webhook', 'addresses that are told of versions and approvals')
    .option('--add <url>', 'add one; its secret is printed this once')
    .option('--event <event...>', 'events for --add; all when left out')
    .option('--remove <webhook>', 'remove one by its identifier')
    .action(webhook)
}

async function card(
  reference: string,
  options: CommonOptions & { readonly format?: string; readonly out?: string },
): Promise<void> {
  const client = await InstanceClient.open(options.data)
  const path = `${versionPath(reference)}/card`
  if (options.format !== undefined || options.out !== undefined) {
    const { name, version } = parseReference(reference)
    const format = options.format ?? 'json'
    const extension = format === 'fhir' ? 'fhir.json' : format
    return save(client, `${path}/${format}`, options.out ?? callerPath(`${name}-${version}-card.${extension}`), options)
  }
  const view = await client.request({ service: 'hub', method: 'GET', path, schema: cardView })
  print(options.json, view, () =>
    [
      view.statement,
      `card ${view.complete ? 'complete' : 'incomplete'}, risk class ${view.riskClass ?? 'not known'}, weights ${view.weightsLicence ?? 'without a licence'}`,
      ...view.gaps.map((gap) => `missing: ${gap.title}: ${gap.reason} (${gap.field})`),
      ...view.groups.flatMap((group) => [
        '',
        group.title,
        ...group.attributes.map((one) => `  ${one.clause} ${one.title}: ${one.text ?? 'missing'}`),
      ]),
    ].join('\n'),
  )
}

async function sbom(reference: string, options: CommonOptions & { readonly out: string }): Promise<void> {
  await save(await InstanceClient.open(options.data), `${versionPath(reference)}/sbom`, options.out, options)
}

async function lineage(reference: string, options: CommonOptions): Promise<void> {
  const path = `${versionPath(reference)}/lineage`
  const graph = await get(options, { path, schema: lineageView })
  print(options.json, graph, () => presentLineage(graph))
}

async function compare(reference: string, second: string, options: CommonOptions): Promise<void> {
  const { name, version } = parseReference(reference)
  const search = new URLSearchParams({ first: version, second })
  const path = `/api/models/${encodeURIComponent(name)}/comparison?${search.toString()}`
  const view = await get(options, { path, schema: versionComparison })
  print(options.json, view, () => presentComparison(view))
}

async function alias(
  name: string,
  options: CommonOptions & { readonly set?: string; readonly remove?: string },
): Promise<void> {
  const client = await InstanceClient.open(options.data)
  const path = `/api/models/${encodeURIComponent(name)}/aliases`
  const schema = aliasList
  if (options.set !== undefined) {
    const [named = '', version = ''] = options.set.split('@')
    await client.request({ service: 'hub', method: 'POST', path, body: { alias: named, version }, schema })
  }
  if (options.remove !== undefined) {
    await client.request({
      service: 'hub',
      method: 'DELETE',
      path: `${path}/${encodeURIComponent(options.remove)}`,
      schema,
    })
  }
  const { aliases } = await client.request({ service: 'hub', method: 'GET', path, schema })
  print(options.json, aliases, () =>
    renderTable(
      ['alias', 'version', 'from', 'digest'],
      aliases.map((one) => [
        one.alias,
        one.version.version,
        one.derived ? 'signatures' : 'a person',
        one.version.digest.slice(0, 16),
      ]),
    ),
  )
}

async function webhook(
  options: CommonOptions & { readonly add?: string; readonly event?: readonly string[]; readonly remove?: string },
): Promise<void> {
  const client = await InstanceClient.open(options.data)
  const path = '/api/webhooks'
  const read = () => client.request({ service: 'hub', method: 'GET', path, schema: webhookList })
  if (options.add !== undefined) {
    const events = options.event ?? (await read()).events
    const body = { url: options.add, events }
    const made = await client.request({ service: 'hub', method: 'POST', path, body, schema: webhookAnswer })
    return print(
      options.json,
      made,
      () => `webhook ${made.webhook}\nsecret  ${made.secret}\nThe secret is not shown again.`,
    )
  }
  if (options.remove !== undefined) {
    const named = `${path}/${encodeURIComponent(options.remove)}`
    await client.request({ service: 'hub', method: 'DELETE', path: named, schema: webhookList })
  }
  const { webhooks } = await read()
  print(options.json, webhooks, () =>
    renderTable(
      ['webhook', 'address', 'waiting', 'delivered', 'given up', 'last failure'],
      webhooks.map((one) => [one.webhook, one.url, one.waiting, one.delivered, one.given, one.lastFailure]),
    ),
  )
}

async function get<Answer>(
  options: CommonOptions,
  request: Pick<ServiceRequest<Answer>, 'path' | 'schema'>,
): Promise<Answer> {
  return (await InstanceClient.open(options.data)).request({ service: 'hub', method: 'GET', ...request })
}

async function save(client: InstanceClient, path: string, out: string, options: CommonOptions): Promise<void> {
  const bytes = await client.bytes('hub', path)
  await writeFile(out, bytes)
  print(options.json, { file: out, bytes: bytes.length }, () => `${bytes.length} bytes written to ${out}`)
}

function versionPath(reference: string): string {
  const { name, version } = parseReference(reference)
  return `/api/models/${encodeURIComponent(name)}/versions/${encodeURIComponent(version)}`
}

function presentLineage({ nodes, edges }: LineageView): string {
  const labels = new Map(nodes.map((node) => [node.id, node]))
  return renderTable(
    ['version or data', 'relation', 'of', 'detail'],
    edges.map(({ from, to, relation }) => [
      labels.get(to)?.label,
      relation,
      labels.get(from)?.label,
      labels.get(from)?.detail,
    ]),
  )
}

function presentComparison({ figures, parameters, card }: VersionComparison): string {
  const bounds = (of: VersionComparison['figures'][number]['first']): string | null =>
    of === null ? null : `${of.value}${of.low === null || of.high === null ? '' : ` (${of.low} to ${of.high})`}`
  return [
    renderTable(
      ['figure', 'on', 'first', 'second', 'difference'],
      figures.map((one) => [one.name, one.split, bounds(one.first), bounds(one.second), one.difference]),
    ),
    '',
    renderTable(
      ['parameter', 'first', 'second'],
      parameters.map((one) => [one.path, one.first, one.second]),
    ),
    '',
    `${card.length} other differences between the cards; --json prints them`,
  ].join('\n')
}
