import { approvalList, deviceList, modelList, type VersionDetail, versionDetail } from '@leadglass/ui/contract/hub-api'
import { localModelList } from '@leadglass/ui/contract/local-api'
import type { Command } from 'commander'
import { parseReference } from '../../approve/model-reference.ts'
import { registerSign } from '../../approve/sign-command.ts'
import { InstanceClient } from '../client.ts'
import { print, withData, withJson } from '../options.ts'
import { renderTable } from '../table.ts'
import { registerModelAttest } from './model-attest.ts'
import { registerModelAugment } from './model-augment.ts'
import { registerModelImport } from './model-import.ts'
import { registerModelNew } from './model-new.ts'
import { registerModelPack } from './model-pack.ts'
import { registerModelStop } from './model-stop.ts'
import { registerModelTest } from './model-test.ts'
import { registerSubmit } from './submit.ts'

interface CommonOptions {
  readonly data: string
  readonly json: boolean
}

/** `leadglass model list|show|submit|sign|status|import|new|augment|pack|test|attest|verify`. */
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
  registerSubmit(model)
  registerSign(model)
  withJson(
    withData(model.command('status').description('approvals that wait, and what each device says that it runs')),
  ).action(status)
  registerModelStop(model)
  registerModelImport(model)
  registerModelNew(model)
  registerModelAugment(model)
  registerModelPack(model)
  registerModelTest(model)
  registerModelAttest(model)
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
        local.models.map(({ model, state, halted, message }) => [
          model.name,
          model.version,
          halted?.kind ?? state,
          halted?.reason ?? message,
        ]),
      ),
    ].join('\n'),
  )
}
