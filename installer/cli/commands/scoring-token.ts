import { scoringTokenList, scoringTokenMade } from '@leadglass/ui/contract/local-api'
import type { Command } from 'commander'
import { InstanceClient } from '../client.ts'
import { print, withData, withJson } from '../options.ts'
import { renderTable } from '../table.ts'

interface Options {
  readonly data: string
  readonly json: boolean
}

const PATH = '/api/scoring/tokens'

/** `leadglass scoring token create|list|revoke`. */
export function registerScoringToken(scoring: Command): void {
  const token = scoring.command('token').description('programs that may ask the scoring interface, and nothing else')
  withJson(withData(token.command('create').description('make a token; it is shown once and kept nowhere')))
    .argument('<name>', 'of the program: small letters, digits and hyphens')
    .action(create)
  withJson(withData(token.command('list').description('who has one'))).action(list)
  withJson(withData(token.command('revoke').description('take one back; its name is never given again')))
    .argument('<name>', 'of the program')
    .action(revoke)
}

async function create(name: string, { data, json }: Options): Promise<void> {
  const client = await InstanceClient.open(data)
  const made = await client.request({
    service: 'appliance',
    method: 'POST',
    path: PATH,
    body: { name },
    schema: scoringTokenMade,
  })
  print(json, made, () => made.token)
}

async function list({ data, json }: Options): Promise<void> {
  const client = await InstanceClient.open(data)
  const { tokens } = await client.request({ service: 'appliance', method: 'GET', path: PATH, schema: scoringTokenList })
  print(json, tokens, () => table(tokens))
}

async function revoke(name: string, { data, json }: Options): Promise<void> {
  const client = await InstanceClient.open(data)
  const { tokens } = await client.request({
    service: 'appliance',
    method: 'DELETE',
    path: `${PATH}/${encodeURIComponent(name)}`,
    schema: scoringTokenList,
  })
  print(json, tokens, () => table(tokens))
}

function table(
  tokens: readonly { readonly name: string; readonly createdAt: string; readonly revokedAt: string | null }[],
): string {
  if (tokens.length === 0) return 'No program has a token.'
  return renderTable(
    ['program', 'made', 'revoked'],
    tokens.map((one) => [one.name, one.createdAt, one.revokedAt ?? '']),
  )
}
