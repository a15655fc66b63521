import { readFile } from 'node:fs/promises'
import { changePlan, planDigest, signAdoption } from '@leadglass/cloud-hub/change-control'
import { openApproverKey } from '@leadglass/cloud-hub/governance'
import { systemClock } from '@leadglass/sync-agent/foundation'
import {
  type ChangeDeterminationView,
  type ChangePlanView,
  changeDetermination,
  changePlanDocument,
  changePlanList,
  changePlanView,
} from '@leadglass/ui/contract/hub-api'
import { type Command, Option } from 'commander'
import { parseReference } from '../../approve/model-reference.ts'
import { readKeyFile } from '../../approve/sign-approval.ts'
import { InstallerError } from '../../errors.ts'
import { InstanceClient } from '../client.ts'
import { callerPath, print, withData, withJson } from '../options.ts'
import { readPassphrase } from '../passphrase.ts'
import { renderTable } from '../table.ts'

interface Options {
  readonly data: string
  readonly json: boolean
}

/** `leadglass change list|show|declare|adopt|withdraw|record|check`. */
export function registerChange(program: Command): void {
  const change = program
    .command('change')
    .description('plans for changes of a model (PCCP): declare, adopt, record, and whether a version is within one')
  const add = (name: string, description: string): Command =>
    withJson(withData(change.command(name).description(description)))
  add('list', 'all plans, and which are in force').action(list)
  add('show <plan>', 'one plan as it was declared, by its digest or its beginning').action(show)
  add('declare <file>', 'declare a plan from a JSON file; a changed plan is a new version').action(declare)
  add('adopt <plan>', 'sign a plan with your approver key; in force once both roles have')
    .requiredOption('--key <file>', 'your approver key file', callerPath)
    .option('--passphrase-file <file>', 'file whose first line opens the key file, instead of asking', callerPath)
    .action(adopt)
  add('withdraw <plan>', 'take a plan out of force')
    .requiredOption('--reason <text>', 'why, for the record')
    .action(withdraw)
  add('record <name@version> <step>', 'record that a step of the protocol was taken for a version')
    .requiredOption('--evidence <text>', 'where it is shown: a run, a document, its digest')
    .addOption(new Option('--outcome <outcome>', 'what came of it').choices(['done', 'not-done']).default('done'))
    .action(record)
  add('check <name@version>', 'whether a version is within the plan of its model, and what is missing').action(check)
}

async function list(options: Options): Promise<void> {
  const client = await InstanceClient.open(options.data)
  const answer = await client.request({
    service: 'hub',
    method: 'GET',
    path: '/api/change-plans',
    schema: changePlanList,
  })
  print(options.json, answer, () =>
    renderTable(
      ['plan', 'model', 'version', 'state', 'title', 'adopted by'],
      answer.plans.map((one) => [
        one.digest.slice(0, 12),
        one.model,
        String(one.version),
        one.state,
        one.title,
        one.adoptions.map(({ printedName, role }) => `${printedName} (${role})`).join(', '),
      ]),
    ),
  )
}

async function show(plan: string, options: Options): Promise<void> {
  const client = await InstanceClient.open(options.data)
  const { plan: content } = await readPlan(client, plan)
  process.stdout.write(`${JSON.stringify(content, null, 2)}\n`)
}

async function declare(file: string, options: Options): Promise<void> {
  const content: unknown = await readFile(callerPath(file), 'utf8')
    .then((text): unknown => JSON.parse(text))
    .catch(notReadable(file))
  const client = await InstanceClient.open(options.data)
  await post(client, options, '/api/change-plans', { plan: content })
}

async function adopt(
  plan: string,
  options: Options & { readonly key: string; readonly passphraseFile?: string },
): Promise<void> {
  const client = await InstanceClient.open(options.data)
  const document = await readPlan(client, plan)
  const content = changePlan.parse(document.plan)
  // Signed is what was read here, not what a digest claims to be.
  if (planDigest(content) !== document.digest) {
    throw new InstallerError('input-invalid', {
      message: 'the hub’s plan is not the one of this digest',
      effect: 'nothing was signed',
      nextStep: 'check the hub: run "leadglass audit verify"',
    })
  }
  const file = await readKeyFile(options.key)
  process.stderr.write(
    `You adopt plan ${content.version} of ${content.model}: ${content.title}\n` +
      `  ${content.modifications.map(({ id, title, changes }) => `${id} ${title}: ${changes.join(', ')}`).join('\n  ')}\n` +
      `  digest ${document.digest}\n`,
  )
  const passphrase = await readPassphrase(`passphrase of ${file.printedName}: `, options.passphraseFile)
  const key = await openApproverKey(file, passphrase)
  const envelope = signAdoption(key, content, systemClock.now())
  await post(client, options, `/api/change-plans/${document.digest}/adoptions`, { person: key.person, envelope })
}

async function withdraw(plan: string, options: Options & { readonly reason: string }): Promise<void> {
  const client = await InstanceClient.open(options.data)
  const { digest } = await readPlan(client, plan)
  await post(client, options, `/api/change-plans/${digest}/withdrawal`, { reason: options.reason })
}

async function record(
  reference: string,
  step: string,
  options: Options & { readonly evidence: string; readonly outcome: string },
): Promise<void> {
  const client = await InstanceClient.open(options.data)
  const body = { step, outcome: options.outcome, evidence: options.evidence }
  const path = `${pathOf(reference)}/records`
  const answer = await client.request({ service: 'hub', method: 'POST', path, body, schema: changeDetermination })
  print(options.json, answer, () => determinationLines(answer))
}

async function check(reference: string, options: Options): Promise<void> {
  const client = await InstanceClient.open(options.data)
  const path = pathOf(reference)
  const answer = await client.request({ service: 'hub', method: 'GET', path, schema: changeDetermination })
  print(options.json, answer, () => determinationLines(answer))
  if (!answer.within) process.exitCode = 1
}

function determinationLines(answer: ChangeDeterminationView): string {
  const { model, plan, changed, modifications, criteria, steps, reasons } = answer
  return [
    `${model.name} ${model.version} is ${answer.within ? 'within' : 'OUTSIDE'} ${plan === null ? 'any plan' : `plan ${plan.version}, ${plan.title}`}`,
    ...(changed.length === 0 ? [] : [`differs in: ${changed.join(', ')}`]),
    ...(modifications.length === 0 ? [] : [`modifications: ${modifications.join(', ')}`]),
    ...criteria.map(({ words }) => words),
    ...steps.map(({ step, recorded }) => `${step}: ${recorded ? 'recorded' : 'not recorded'}`),
    ...reasons.map((reason) => `- ${reason}`),
  ].join('\n')
}

/** A plan by its digest or the first digits of it. */
async function readPlan(client: InstanceClient, plan: string): Promise<{ digest: string; plan: unknown }> {
  const { plans } = await client.request({
    service: 'hub',
    method: 'GET',
    path: '/api/change-plans',
    schema: changePlanList,
  })
  const found = plans.filter(({ digest }) => plan.length >= 6 && digest.startsWith(plan))
  const [only] = found
  if (only === undefined || found.length > 1) {
    throw new InstallerError('input-invalid', {
      message: `"${plan}" names ${found.length === 0 ? 'no plan' : 'several plans'}`,
      effect: 'nothing was read or changed',
      nextStep: 'take a digest from "leadglass change list", at least six digits',
    })
  }
  const path = `/api/change-plans/${only.digest}`
  return client.request({ service: 'hub', method: 'GET', path, schema: changePlanDocument })
}

async function post(client: InstanceClient, options: Options, path: string, body: object): Promise<void> {
  const answer = await client.request({ service: 'hub', method: 'POST', path, body, schema: changePlanView })
  print(options.json, answer, () => planLine(answer))
}

function planLine(plan: ChangePlanView): string {
  return `plan ${plan.version} of ${plan.model} is ${plan.state}; digest ${plan.digest}`
}

function pathOf(reference: string): string {
  const { name, version } = parseReference(reference)
  return `/api/models/${encodeURIComponent(name)}/${encodeURIComponent(version)}/change`
}

function notReadable(file: string): (cause: unknown) => never {
  return (cause) => {
    throw new InstallerError('input-invalid', {
      message: `${file} cannot be read`,
      effect: 'nothing was declared',
      nextStep: 'name a JSON file with a plan, as docs/change-control.md shows it',
      cause,
    })
  }
}
