import { type SignatureMeaning, signatureMeaning } from '@leadglass/sync-agent/contract'
import {
  approvalList,
  approvalSummary,
  deviceList,
  type ModelVersion,
  modelList,
  type VersionDetail,
  versionDetail,
} from '@leadglass/ui/contract/hub-api'
import { localModelList } from '@leadglass/ui/contract/local-api'
import { type Command, Option } from 'commander'
import { fetchDocument, readKeyFile, signDocument } from '../../approve/sign-approval.ts'
import { InstallerError } from '../../errors.ts'
import { InstanceClient } from '../client.ts'
import { callerPath, print, withData, withJson } from '../options.ts'
import { readPassphrase } from '../passphrase.ts'
import { renderTable } from '../table.ts'
import { registerModelAugment } from './model-augment.ts'
import { registerModelImport } from './model-import.ts'
import { registerModelNew } from './model-new.ts'
import { registerModelPack } from './model-pack.ts'
import { registerModelTest } from './model-test.ts'

interface CommonOptions {
  readonly data: string
  readonly json: boolean
}

/** `leadglass model list|show|submit|sign|status|import|new|augment|pack|test`. */
export function registerModel(program: Command): void {
  const model = program.command('model').description('the registry, approvals, and what runs where')
  withJson(withData(model.command('list').description('all versions, with their state and headline figure'))).action(
    list,
  )
  withJson(
    withData(
      model.command('show').description('one version: card, figures, lineage, signatures').argument('<name@version>'),
    ),
  ).action(show)
  withJson(
    withData(
      model
        .command('submit')
        .description('submit a candidate for approval, naming who is to sign')
        .argument('<name@version>')
        .requiredOption('--clinical <person>', 'the clinical approver')
        .requiredOption('--technical <person>', 'the technical approver'),
    ),
  ).action(submit)
  withJson(
    withData(
      model
        .command('sign')
        .description(
          'sign a submitted version with your own key: shows what is signed, asks for the passphrase, signs once',
        )
        .argument('<approval>', 'identifier of the approval, as "leadglass model status" shows it')
        .requiredOption('--key <file>', 'your approver key file', callerPath)
        .option('--passphrase-file <file>', 'file whose first line is the passphrase, instead of asking', callerPath)
        .addOption(
          new Option('--meaning <meaning>', 'what the signature means (21 CFR 11.50)')
            .choices(signatureMeaning.options)
            .default('approval'),
        ),
    ),
  ).action(sign)
  withJson(
    withData(model.command('status').description('approvals that wait, and what each device says that it runs')),
  ).action(status)
  registerModelImport(model)
  registerModelNew(model)
  registerModelAugment(model)
  registerModelPack(model)
  registerModelTest(model)
}

async function list(options: CommonOptions): Promise<void> {
  const client = await InstanceClient.open(options.data)
  const { versions } = await client.request({ service: 'hub', method: 'GET', path: '/api/models', schema: modelList })
  print(options.json, versions, () =>
    renderTable(
      ['model', 'version', 'state', 'figure', 'on', 'value', 'active on', 'digest'],
      versions.map(({ model, state, headline, activeOn }) => [
        model.name,
        model.version,
        state,
        headline?.name,
        headline?.split,
        headline?.value,
        activeOn,
        model.digest.slice(0, 16),
      ]),
    ),
  )
}

async function show(reference: string, options: CommonOptions): Promise<void> {
  const client = await InstanceClient.open(options.data)
  const { name, version } = parseReference(reference)
  const detail = await client.request({
    service: 'hub',
    method: 'GET',
    path: `/api/models/${encodeURIComponent(name)}/versions/${encodeURIComponent(version)}`,
    schema: versionDetail,
  })
  print(options.json, detail, () => presentVersion(detail))
}

function presentVersion({ summary, intendedUse, metrics, lineage, signatures }: VersionDetail): string {
  return [
    `${summary.model.name} ${summary.model.version}: ${summary.state}. ${intendedUse}`,
    `Digest ${summary.model.digest}; trained by ${lineage.trainedBy} on ${lineage.dataset}; parent ${lineage.parent ?? 'none'}.`,
    '',
    renderTable(
      ['figure', 'on', 'value', 'low', 'high', 'cases'],
      metrics.map((entry) => [entry.name, entry.split, entry.value, entry.low, entry.high, entry.cases]),
    ),
    '',
    renderTable(
      ['signed by', 'role', 'meaning', 'at'],
      signatures.map((entry) => [entry.printedName, entry.role, entry.meaning, entry.at]),
    ),
  ].join('\n')
}

async function submit(
  reference: string,
  options: CommonOptions & { readonly clinical: string; readonly technical: string },
): Promise<void> {
  const client = await InstanceClient.open(options.data)
  const approval = await client.request({
    service: 'hub',
    method: 'POST',
    path: '/api/approvals',
    body: {
      ...parseReference(reference),
      signoffs: [
        { person: options.clinical, role: 'clinical' },
        { person: options.technical, role: 'technical' },
      ],
    },
    schema: approvalSummary,
  })
  print(
    options.json,
    approval,
    () =>
      `Submitted as ${approval.approval}. Each approver now runs: leadglass model sign ${approval.approval} --key FILE`,
  )
}

async function sign(
  approval: string,
  options: CommonOptions & {
    readonly key: string
    readonly passphraseFile?: string
    readonly meaning: SignatureMeaning
  },
): Promise<void> {
  const client = await InstanceClient.open(options.data)
  const keyFile = await readKeyFile(options.key)
  const document = await fetchDocument(client, approval)
  process.stderr.write(
    [
      'You are about to sign:',
      ...document.summary.map(({ name, value }) => `  ${name}: ${value}`),
      `  SHA-256 of the signed bytes: ${document.digest}`,
      `  as ${keyFile.printedName} (${keyFile.role}), meaning: ${options.meaning}, at ${document.serverTime}`,
      '',
    ].join('\n'),
  )
  const passphrase = await readPassphrase(`Passphrase of ${keyFile.person}: `, options.passphraseFile)
  const result = await signDocument(client, document, keyFile, passphrase, options.meaning)
  print(options.json, result, () => `Signed. The approval is now: ${result.state}.`)
}

async function status(options: CommonOptions): Promise<void> {
  const client = await InstanceClient.open(options.data)
  const { approvals } = await client.request({
    service: 'hub',
    method: 'GET',
    path: '/api/approvals',
    schema: approvalList,
  })
  const { devices } = await client.request({ service: 'hub', method: 'GET', path: '/api/devices', schema: deviceList })
  const local = await client.request({
    service: 'appliance',
    method: 'GET',
    path: '/api/models',
    schema: localModelList,
  })
  print(options.json, { approvals, devices, appliance: local }, () =>
    [
      'Approvals',
      renderTable(
        ['approval', 'model', 'version', 'state', 'signed by'],
        approvals.map((entry) => [
          entry.approval,
          entry.model.name,
          entry.model.version,
          entry.state,
          entry.signatures.map((signature) => `${signature.person} (${signature.role})`).join(', '),
        ]),
      ),
      '',
      'What each device says that it runs',
      renderTable(
        ['device', 'model', 'version', 'state'],
        devices.flatMap((device) =>
          device.models.map(({ model, state }) => [device.device, model.name, model.version, state]),
        ),
      ),
      '',
      'What this appliance verified',
      renderTable(
        ['model', 'version', 'state', 'message'],
        local.models.map((entry) => [entry.model.name, entry.model.version, entry.state, entry.message]),
      ),
    ].join('\n'),
  )
}

function parseReference(text: string): Pick<ModelVersion, 'name' | 'version'> {
  const [name = '', version = '', ...rest] = text.split('@')
  if (name !== '' && version !== '' && rest.length === 0) return { name, version }
  throw new InstallerError('input-invalid', {
    message: `"${text}" does not name a version`,
    effect: 'nothing was read or changed',
    nextStep: 'write it as NAME@VERSION, such as chest-radiograph@1.0.0',
  })
}
