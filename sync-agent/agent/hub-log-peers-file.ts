import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseVerifierKey, SIGNATURE_TYPE } from '../audit-log/index.ts'
import { digestOf, writeFileAtomically } from '../foundation/index.ts'

/** As many as the agent compares with in one look. */
export const MOST_PEERS = 32
const HEAD = '# Witness keys of other boxes, one a line; told from box to box, never by the hub.'

/** Another box as a witness of the hub's log. */
export interface PeerKey {
  readonly device: string
  /** C2SP verifier key. */
  readonly key: string
  /** SHA-256 of the public key, hexadecimal in groups of four: what two people compare. */
  readonly fingerprint: string
}

/** What became of a key. */
export type PeerAddition =
  | { readonly kind: 'added' | 'known'; readonly peer: PeerKey }
  | { readonly kind: 'refused'; readonly reason: 'not-a-witness-key' | 'own-key' | 'other-key-of-device' | 'too-many' }

/** Reads a witness key of a box; `undefined` for any other text. */
export function peerKey(text: string): PeerKey | undefined {
  const key = text.trim()
  const parsed = parseVerifierKey(key)
  const device = /^leadglass\/([a-z0-9-]{1,64})\/witness$/.exec(parsed?.name ?? '')?.[1]
  if (parsed?.type !== SIGNATURE_TYPE.cosignature || device === undefined) return undefined
  const fingerprint = (digestOf(parsed.publicKey).match(/.{4}/g) ?? []).join(' ')
  return { device, key, fingerprint }
}

/** `hub-log-peers.txt` of the agent's folder: read anew by the agent at each look, so a change needs no restart. */
export class HubLogPeersFile {
  readonly #path: string

  constructor(agentFolder: string) {
    this.#path = join(agentFolder, 'hub-log-peers.txt')
  }

  /** Keys in the file, in its order; lines that are no witness key are passed over. */
  async read(): Promise<readonly PeerKey[]> {
    const text = await readFile(this.#path, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return ''
      throw error
    })
    return text
      .split('\n')
      .flatMap((line) => peerKey(line) ?? [])
      .slice(0, MOST_PEERS)
  }

  /** Adds a key. A box that has another key already is not given a second one: remove the old one first. */
  async add(text: string, ownDevice: string): Promise<PeerAddition> {
    const peer = peerKey(text)
    if (peer === undefined) return { kind: 'refused', reason: 'not-a-witness-key' }
    if (peer.device === ownDevice) return { kind: 'refused', reason: 'own-key' }
    const known = await this.read()
    const same = known.find(({ device }) => device === peer.device)
    if (same !== undefined)
      return same.key === peer.key ? { kind: 'known', peer } : { kind: 'refused', reason: 'other-key-of-device' }
    if (known.length >= MOST_PEERS) return { kind: 'refused', reason: 'too-many' }
    await this.#write([...known, peer])
    return { kind: 'added', peer }
  }

  /** Takes the key of a box away. @returns false when there is none. */
  async remove(device: string): Promise<boolean> {
    const known = await this.read()
    const left = known.filter((peer) => peer.device !== device)
    if (left.length === known.length) return false
    await this.#write(left)
    return true
  }

  async #write(peers: readonly PeerKey[]): Promise<void> {
    await writeFileAtomically(this.#path, `${[HEAD, ...peers.map(({ key }) => key)].join('\n')}\n`)
  }
}
