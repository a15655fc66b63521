import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type ApprovalPolicy, approvalPolicy } from '../contract/index.ts'
import { DesiredStateFile, type ExchangePaths, IdentityStatusFile, JoinWishFile } from '../exchange/index.ts'
import { type Clock, type Logger, writeFileAtomically } from '../foundation/index.ts'
import { AnchorKeeper, AnchorStore, IdentityStore, Renewal } from '../identity/index.ts'
import type { Credentials } from '../transport/index.ts'
import { type AgentConfig, agentStateFolder } from './config.ts'
import { IdentityDesk } from './identity-desk.ts'

const DESK_MS = 1000
/** The door counts requests: what is missing is not asked for more often than this. */
const ANCHORS_MS = 60_000

/** Who this box is to its hub, and what it has pinned of it: from the settings file, or from joining. */
export interface OwnIdentity {
  readonly renewal: Renewal
  readonly desk: IdentityDesk
  readonly hub: { readonly mqttUrl: string; readonly httpUrl: string }
  /** Where the hub itself listens for devices: renewals and uploads, whatever the broker is. */
  readonly deviceUrl: string
  /** Undefined for as long as nothing is pinned. */
  readonly trust: { readonly initialRoot: Uint8Array; readonly policy: ApprovalPolicy } | undefined
  readonly hubLog: AgentConfig['hubLog']
  readonly caPem: () => Promise<string>
}

/**
 * Reads what is there. What the settings file names comes first: it was put there by whoever set the box up.
 * @param provisioned the identity that the box was set up with.
 * @param onChanged something was joined or pinned: all of this has to be read anew.
 */
export async function openIdentity(
  config: AgentConfig,
  paths: ExchangePaths,
  provisioned: () => Promise<Credentials>,
  { clock, logger }: { readonly clock: Clock; readonly logger: Logger },
  onChanged: () => void,
): Promise<OwnIdentity> {
  const { device, intervals } = config
  const stateFolder = agentStateFolder(config)
  const store = new IdentityStore(stateFolder)
  const anchorStore = new AnchorStore(stateFolder)
  const configured = config.hub.deviceUrl ?? config.hub.mqttUrl
  const joined = (await store.read())?.hub
  const hubUrl = joined?.mqttUrl ?? configured
  const renewal = new Renewal({ device, hubUrl, store, provisioned, clock })
  const credentials = (): Promise<Credentials> => renewal.credentials()
  const witnessKeyFile = config.hubLog?.witnessKeyFile ?? join(stateFolder, 'witness.key.pem')
  const keeper = new AnchorKeeper({ device, hubUrl, store: anchorStore, credentials, witnessKeyFile })
  const desk = new IdentityDesk({
    device,
    hubUrl,
    store,
    anchorStore,
    keeper,
    renewal,
    wishFile: new JoinWishFile(paths.join),
    desiredFile: new DesiredStateFile(paths.desired),
    statusFile: new IdentityStatusFile(paths.identityStatus),
    intervals: { pollMs: DESK_MS, anchorsMs: Math.max(intervals.renewalMs, ANCHORS_MS) },
    clock,
    logger,
    onChanged,
  })
  return {
    renewal,
    desk,
    // Broker and pages are where the settings file says, unless the box joined another address than the one in it.
    hub: joined === undefined || hubUrl === configured ? config.hub : joined,
    deviceUrl: hubUrl,
    trust: await trustOf(config, anchorStore),
    hubLog: config.hubLog ?? (await pinnedLog(anchorStore, stateFolder, witnessKeyFile)),
    caPem: async () => (await store.read())?.caPem ?? readFile(config.hub.caFile, 'utf8'),
  }
}

async function trustOf({ updates }: AgentConfig, store: AnchorStore): Promise<OwnIdentity['trust']> {
  if (updates !== null) {
    const policy = approvalPolicy.parse(JSON.parse(await readFile(updates.policyFile, 'utf8')))
    return { initialRoot: await readFile(updates.initialRootFile), policy }
  }
  const pinned = (await store.read())?.updates
  if (pinned == null) return undefined
  return { initialRoot: Buffer.from(pinned.initialRoot, 'base64'), policy: pinned.policy }
}

/** The hub's log as it was pinned, as a file beside the state: the witness reads it from there. */
async function pinnedLog(
  store: AnchorStore,
  stateFolder: string,
  witnessKeyFile: string,
): Promise<AgentConfig['hubLog']> {
  const [logKey] = (await store.read())?.hubKeys ?? []
  if (logKey === undefined) return null
  const keyFile = join(stateFolder, 'hub-log.vkey')
  await writeFileAtomically(keyFile, `${logKey}\n`)
  return { keyFile, witnessKeyFile, witnesses: [] }
}
