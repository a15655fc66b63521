import { mkdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { pinHubAnchors } from '@leadglass/appliance/commands'
import {
  AnchorKeeper,
  AnchorStore,
  type Identity,
  IdentityError,
  IdentityStore,
  joinHub,
} from '@leadglass/sync-agent/agent'
import { type AnchorFingerprints, anchorFingerprints, deviceId } from '@leadglass/sync-agent/contract'
import { systemClock, writeFileAtomically } from '@leadglass/sync-agent/foundation'
import type { Command } from 'commander'
import { readAuditKeys } from '../../start/audit-keys.ts'
import { readInstanceFile } from '../../start/instance-file.ts'
import { type InstanceLayout, layoutOf } from '../../start/layout.ts'
import { print, withData, withJson } from '../options.ts'

interface Options {
  readonly data: string
  readonly json: boolean
  readonly hub: string
  readonly code: string
  readonly hubFingerprint?: string
  readonly broker?: string
}

/** `leadglass enrol`. */
export function registerEnrol(program: Command): void {
  const command = program
    .command('enrol')
    .description('join a hub with a one-time code; the key is made here and never leaves')
    .requiredOption('--hub <url>', 'the hub’s port for devices, mqtts://HOST:PORT')
    .requiredOption('--code <code>', 'as "leadglass fleet invite" showed it')
    .option('--broker <url>', 'the broker, mqtts://HOST:PORT, where it is another program than the hub')
    .option('--hub-fingerprint <hex>', 'fingerprint of the hub, to be compared besides')
  withJson(withData(command)).action(enrol)
}

async function enrol(options: Options): Promise<void> {
  const layout = layoutOf(options.data)
  const instance = await readInstanceFile(layout)
  const device = instance === undefined ? null : deviceId.parse(instance.device)
  const state = join(layout.agent.folder, 'state')
  for (const folder of [state, layout.exchange]) await mkdir(folder, { recursive: true, mode: 0o700 })
  const keys = await readAuditKeys(layout)
  const { hub: hubUrl, code, hubFingerprint } = options
  const joined = await joinHub(
    {
      hubUrl,
      code,
      device,
      auditKey: keys.find((key) => key.startsWith(`leadglass/${device}/audit+`)) ?? null,
      ...(hubFingerprint === undefined ? {} : { hubFingerprint }),
      // Where the settings file is about to be written, it says where the hub is.
      addressIsConfigured: (await stat(layout.agent.configFile).catch(() => undefined)) === undefined,
    },
    new IdentityStore(state),
    systemClock,
  )
  await writeAgentConfiguration(layout, joined, hubUrl, options.broker)
  const anchors = await pin(layout, state, joined, hubUrl)
  const answer = { device: joined.device, hubKeys: joined.hubKeys, anchors: anchors ?? null }
  print(options.json, answer, () =>
    [
      `this box is ${joined.device} now`,
      'verifier keys of the hub, to be kept:',
      ...joined.hubKeys,
      ...pinnedWords(anchors),
    ].join('\n'),
  )
}

/**
 * Pins what the hub gives: for the agent, and for the appliance where there is one on this machine. The code has proven
 * the hub already; what was pinned before is never replaced.
 * @returns undefined for a hub of before there were anchors.
 */
async function pin(
  layout: InstanceLayout,
  state: string,
  joined: Identity,
  hubUrl: string,
): Promise<AnchorFingerprints | undefined> {
  const store = new AnchorStore(state)
  const credentials = async (): Promise<Identity> => joined
  const witnessKeyFile = join(state, 'witness.key.pem')
  try {
    await new AnchorKeeper({ device: joined.device, hubUrl, store, credentials, witnessKeyFile }).step()
  } catch (error) {
    if (!(error instanceof IdentityError) || error.code !== 'request-malformed') throw error
    return undefined
  }
  const anchors = await store.read()
  if (anchors === undefined) return undefined
  const hasAppliance = (await stat(layout.appliance.folder).catch(() => undefined)) !== undefined
  if (hasAppliance) await pinHubAnchors(layout.appliance.folder, anchors, 'confirmed')
  return anchorFingerprints(anchors)
}

function pinnedWords(anchors: AnchorFingerprints | undefined): string[] {
  if (anchors === undefined) return ['the hub is of a version that gives nothing to pin; no update can be verified yet']
  return [
    'pinned; compare with the hub’s fleet page:',
    `  everything   ${anchors.all}`,
    `  update root  ${anchors.root ?? 'none yet: the hub has held no key ceremony'}`,
    `  policy       ${anchors.policy ?? 'none yet'}`,
    `  desired key  ${anchors.desiredKey}`,
  ]
}

/** A box that was set up here has its configuration; one that only joins gets the least with which the agent runs. */
async function writeAgentConfiguration(
  layout: InstanceLayout,
  joined: Identity,
  hubUrl: string,
  broker: string | undefined,
): Promise<void> {
  const { agent, exchange } = layout
  const caFile = join(agent.folder, 'hub-ca.pem')
  await writeFileAtomically(caFile, joined.caPem)
  if ((await stat(agent.configFile).catch(() => undefined)) !== undefined) return
  const { hostname, port } = new URL(hubUrl)
  const configuration = {
    device: joined.device,
    exchangeFolder: exchange,
    agentFolder: agent.folder,
    // The page and the repository of a hub are one port below the one for devices unless the file says otherwise.
    hub: {
      mqttUrl: broker ?? hubUrl,
      ...(broker === undefined ? {} : { deviceUrl: hubUrl }),
      httpUrl: `http://${hostname}:${Number(port) - 1}`,
      caFile,
    },
    certificateFile: join(agent.folder, 'device.pem'),
    keyFile: join(agent.folder, 'device.key'),
  }
  await writeFileAtomically(agent.configFile, `${JSON.stringify(configuration, null, 2)}\n`)
}
