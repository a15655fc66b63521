import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { initialiseAppliance } from '@leadglass/appliance/commands'
import { initialiseHub } from '@leadglass/cloud-hub/commands'
import { createSigningKeyFile, encodeVerifierKey, SIGNATURE_TYPE, verifierKeyOf } from '@leadglass/sync-agent/audit-log'
import { deviceId } from '@leadglass/sync-agent/contract'
import { writeFileAtomically } from '@leadglass/sync-agent/foundation'
import type { Progress } from '../cli/progress.ts'
import { SOFTWARE_VERSION } from '../cli/version.ts'
import { holdCeremony } from './ceremony.ts'
import { type InstanceFile, writeInstanceFile } from './instance-file.ts'
import {
  consolePortOf,
  DEFAULT_AE_TITLE,
  type InstanceLayout,
  type InstancePorts,
  iotHubPortsOf,
  LOOPBACK,
} from './layout.ts'
import { PAGES } from './pages.ts'
import { type SignInFile, writeSignInFile } from './sign-in-file.ts'

/** One account for each role of the console. */
const CONSOLE_ACCOUNTS = [
  { userName: 'technologist', role: 'technologist' },
  { userName: 'radiologist', role: 'radiologist' },
  { userName: 'admin', role: 'site-admin' },
] as const

/**
 * Everything that a first start makes, in one go: keys, certificates, accounts, trust, settings. It may be killed at any
 * instant: `provisioned` is set last, and until then the next start begins again from an empty folder.
 */
export async function provision(
  layout: InstanceLayout,
  ports: InstancePorts,
  progress: Progress,
  keysFolder?: string,
): Promise<InstanceFile> {
  const device = deviceId.parse(`box-${randomBytes(4).toString('hex')}`)
  const instance: InstanceFile = {
    schema: 'leadglass.instance/1',
    device,
    aeTitle: DEFAULT_AE_TITLE,
    host: LOOPBACK,
    ports,
    ...(keysFolder === undefined ? {} : { keysFolder }),
    createdAt: new Date().toISOString(),
    provisioned: false,
    joins: true,
  }
  for (const folder of [layout.root, layout.logs, layout.agent.folder, layout.exchange]) {
    await mkdir(folder, { recursive: true, mode: 0o700 })
  }
  await writeInstanceFile(layout, instance)
  progress.step('first start: making keys, certificates and accounts')
  const ceremony = await holdCeremony(layout)
  const hub = await initialiseHub({
    folder: layout.hub.folder,
    names: ['localhost', LOOPBACK],
    policy: ceremony.policy,
    approvers: ceremony.approvers.map(({ keyFile: { person, role, printedName, publicKey } }) => ({
      person,
      role,
      printedName,
      publicKey,
    })),
  })
  const appliance = await initialiseAppliance({
    folder: layout.appliance.folder,
    device,
    accounts: CONSOLE_ACCOUNTS,
    ...(keysFolder === undefined ? {} : { keysFolder }),
    trust: { initialRoot: ceremony.initialRoot, policy: ceremony.policy },
  })
  const witnessVerifierKey = await makeWitness(layout, device, hub.auditVerifierKey)
  await writeAgentFiles(layout, ceremony)
  await writeAuditKeys(layout, [
    appliance.auditVerifierKey,
    hub.auditVerifierKey,
    hub.witnessVerifierKey,
    witnessVerifierKey,
  ])
  const signIn: SignInFile = {
    schema: 'leadglass.first-sign-in/1',
    console: appliance.accounts.map(({ userName, role, password }) => ({ account: userName, role, password })),
    hub: [...hub.accounts],
    approvers: ceremony.approvers.map(({ keyFile, path, passphrase }) => ({
      person: keyFile.person,
      role: keyFile.role,
      keyFile: relative(layout.root, path),
      passphrase,
    })),
  }
  await writeSignInFile(layout, signIn)
  const finished = { ...instance, provisioned: true }
  await writeInstanceFile(layout, finished)
  return finished
}

/** Writes the configuration files of the three processes anew: ports and page folders may differ from the last start. */
export async function writeConfigurations(
  layout: InstanceLayout,
  instance: InstanceFile,
  workers: number,
  hasDoor: boolean,
): Promise<void> {
  const { ports, host, device, aeTitle } = instance
  const beside = iotHubPortsOf(ports)
  const write = (path: string, content: unknown): Promise<void> =>
    writeFileAtomically(path, `${JSON.stringify(content, null, 2)}\n`)
  await write(layout.hub.configFile, {
    dataFolder: layout.hub.folder,
    host: LOOPBACK,
    httpPort: ports.hub,
    mqttPort: ports.mqtt,
    broker: 'embedded',
    ...(instance.transport === 'azure-iot'
      ? { iotHub: { hostName: 'localhost', mqttPort: beside.iotHubMqtt, httpsPort: beside.iotHubHttps } }
      : {}),
    pagesFolder: PAGES.hub,
    softwareVersion: SOFTWARE_VERSION,
  })
  await write(layout.appliance.configFile, {
    device,
    dataFolder: layout.appliance.folder,
    exchangeFolder: layout.exchange,
    host,
    dimsePort: ports.dimse,
    httpPort: ports.appliance,
    ...(hasDoor ? { consolePort: consolePortOf(ports) } : {}),
    aeTitle,
    softwareVersion: SOFTWARE_VERSION,
    workers,
    pagesFolder: PAGES.console,
    ...(instance.keysFolder === undefined ? {} : { keysFolder: instance.keysFolder }),
  })
  await write(layout.agent.configFile, {
    device,
    ...(instance.transport === 'azure-iot'
      ? {
          transport: 'azure-iot',
          azureIot: { hostName: 'localhost', gatewayHostName: `localhost:${beside.iotHubMqtt}` },
        }
      : {}),
    exchangeFolder: layout.exchange,
    agentFolder: layout.agent.folder,
    hub: {
      mqttUrl: `mqtts://localhost:${ports.mqtt}`,
      httpUrl: `http://${LOOPBACK}:${ports.hub}`,
      caFile: join(layout.agent.folder, 'hub-ca.pem'),
    },
    certificateFile: join(layout.agent.folder, 'device.pem'),
    keyFile: join(layout.agent.folder, 'device.key'),
    updates: {
      initialRootFile: join(layout.agent.folder, 'initial-root.json'),
      policyFile: join(layout.agent.folder, 'policy.json'),
    },
    // Instances of before the device was a witness have no such keys.
    ...(existsSync(hubLogKeyFile(layout))
      ? { hubLog: { keyFile: hubLogKeyFile(layout), witnessKeyFile: witnessKeyFile(layout) } }
      : {}),
    intervals: { updatesMs: 60_000 },
  })
}

function hubLogKeyFile(layout: InstanceLayout): string {
  return join(layout.agent.folder, 'hub-log.vkey')
}

function witnessKeyFile(layout: InstanceLayout): string {
  return join(layout.agent.folder, 'witness.key.pem')
}

/** Makes the device a witness of the hub's log: its own key, and the hub's key pinned. @returns its C2SP verifier key. */
async function makeWitness(layout: InstanceLayout, device: string, hubLogKey: string): Promise<string> {
  const key = await createSigningKeyFile(witnessKeyFile(layout))
  await writeFileAtomically(hubLogKeyFile(layout), `${hubLogKey}\n`)
  return encodeVerifierKey(verifierKeyOf(`leadglass/${device}/witness`, key, SIGNATURE_TYPE.cosignature))
}

/** What the agent trusts for updates. Its identity comes when the box joins its hub, see `enrol-own-box.ts`. */
async function writeAgentFiles(
  layout: InstanceLayout,
  ceremony: { readonly initialRoot: Uint8Array; readonly policy: unknown },
): Promise<void> {
  const file = (name: string): string => join(layout.agent.folder, name)
  await writeFileAtomically(file('initial-root.json'), ceremony.initialRoot)
  await writeFileAtomically(file('policy.json'), JSON.stringify(ceremony.policy))
}

async function writeAuditKeys(layout: InstanceLayout, keys: readonly string[]): Promise<void> {
  const note = [
    '# Keys of the audit logs and their witness, as C2SP verifier keys.',
    '# Keep a copy outside this folder: a verification is worth as much as the place its keys come from.',
  ]
  await writeFileAtomically(layout.auditKeysFile, `${[...note, ...keys].join('\n')}\n`, 0o644)
}
