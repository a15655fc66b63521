import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import {
  agentConfig,
  agentStateFolder,
  HubLogPeersFile,
  type PeerAddition,
  type PeerKey,
  peerKey,
  resolveConfig,
} from '@leadglass/sync-agent/agent'
import { encodeVerifierKey, readSigningKeyFile, SIGNATURE_TYPE, verifierKeyOf } from '@leadglass/sync-agent/audit-log'
import type { Command } from 'commander'
import { InstallerError } from '../../errors.ts'
import { layoutOf } from '../../start/layout.ts'
import { print, withData, withJson } from '../options.ts'
import { renderTable } from '../table.ts'

interface Options {
  readonly data: string
  readonly json: boolean
}

const REFUSALS: Readonly<Record<Extract<PeerAddition, { kind: 'refused' }>['reason'], string>> = {
  'not-a-witness-key': 'this is not the witness key of a box',
  'own-key': 'this is the key of this box itself, which confirms nothing',
  'other-key-of-device': 'another key of that box is known: a box that has a new key is removed first',
  'too-many': 'no more boxes are compared with than are listed already',
}

/** `leadglass audit peers add|list|remove`: other boxes with which this one compares what the hub shows. */
export function registerPeers(audit: Command): void {
  const peers = audit
    .command('peers')
    .description('other boxes with which this one compares the log that the hub shows; takes effect within a minute')
  withJson(
    withData(peers.command('list').description('this box’s own witness key, and the boxes it compares with')),
  ).action(async (options: Options) => {
    const { file, own, configured } = await openPeers(options.data)
    const known = [...configured, ...(await file.read())]
    print(options.json, { own: own ?? null, peers: known }, () => present(own, known))
  })
  withJson(withData(peers.command('add').description('compare with another box')))
    .argument('<key>', 'its witness key, from "leadglass audit peers list" on that box and not from the hub')
    .option('--fingerprint <hex>', 'as the person at that box reads it out; another one is refused')
    .action(async (key: string, options: Options & { readonly fingerprint?: string }) => {
      const { file, device } = await openPeers(options.data)
      const shown = peerKey(key)?.fingerprint
      const plain = (text: string | undefined): string | undefined => text?.replaceAll(/[\s:]/g, '').toLowerCase()
      if (options.fingerprint !== undefined && plain(options.fingerprint) !== plain(shown))
        throw refused('the key has another fingerprint than was read out')
      const outcome = await file.add(key, device)
      if (outcome.kind === 'refused') throw refused(REFUSALS[outcome.reason])
      const { peer } = outcome
      print(
        options.json,
        { outcome: outcome.kind, peer },
        () => `Compares with ${peer.device}. Fingerprint, to be compared with that box:\n${peer.fingerprint}`,
      )
    })
  withJson(withData(peers.command('remove').description('compare with a box no longer')))
    .argument('<device>', 'name of the box')
    .action(async (device: string, options: Options) => {
      const { file } = await openPeers(options.data)
      if (!(await file.remove(device))) throw refused(`no key of ${device} was added here`)
      print(options.json, { removed: device }, () => `Compares with ${device} no longer.`)
    })
}

/** The box of a data folder: its name, its own key as a witness, and where its peers are kept. */
async function openPeers(data: string): Promise<{
  readonly device: string
  readonly own: PeerKey | undefined
  /** Named in the agent's settings, where this command does not change them. */
  readonly configured: readonly PeerKey[]
  readonly file: HubLogPeersFile
}> {
  const { configFile } = layoutOf(data).agent
  if (!existsSync(configFile))
    throw new InstallerError('no-instance', {
      message: `there is no box in ${data}`,
      effect: 'nothing was done',
      nextStep: 'name the data folder with --data',
    })
  const config = resolveConfig(agentConfig.parse(JSON.parse(await readFile(configFile, 'utf8'))), dirname(configFile))
  const witnessKey = config.hubLog?.witnessKeyFile ?? join(agentStateFolder(config), 'witness.key.pem')
  const own = existsSync(witnessKey)
    ? verifierKeyOf(
        `leadglass/${config.device}/witness`,
        await readSigningKeyFile(witnessKey),
        SIGNATURE_TYPE.cosignature,
      )
    : undefined
  return {
    device: config.device,
    own: own === undefined ? undefined : peerKey(encodeVerifierKey(own)),
    configured: config.hubLogPeers.flatMap((key) => peerKey(key) ?? []),
    file: new HubLogPeersFile(config.agentFolder),
  }
}

function present(own: PeerKey | undefined, known: readonly PeerKey[]): string {
  const mine =
    own === undefined
      ? 'This box has no witness key yet: it gets one when it has joined its hub.'
      : `This box, to be told to others:\n${own.key}\nfingerprint ${own.fingerprint}`
  if (known.length === 0) return `${mine}\nIt compares with no other box.`
  return `${mine}\n${renderTable(
    ['compares with', 'fingerprint'],
    known.map(({ device, fingerprint }) => [device, fingerprint]),
  )}`
}

function refused(message: string): InstallerError {
  return new InstallerError('input-invalid', {
    message,
    effect: 'nothing was changed',
    nextStep: 'copy the key anew from "leadglass audit peers list" on the other box, and compare the fingerprint',
  })
}
