import {
  type Checkpoint,
  cosignatureTime,
  createCosignatureVerifier,
  type NoteVerifier,
  openCheckpoint,
  openNote,
  parseVerifierKey,
  SIGNATURE_TYPE,
  type TileLog,
} from '../audit-log/index.ts'

/**
 * What other devices have confirmed of the hub's log. `agreed`: enough of them saw the same log lately. `unconfirmed`:
 * the hub shows no fresh cosignature of theirs. `diverged`: one of them has cosigned another log under the hub's key.
 */
export type PeerVerdict = 'agreed' | 'unconfirmed' | 'diverged'

/** What is compared. */
export interface PeerComparison {
  /** C2SP verifier keys of other devices as witnesses, known from elsewhere than the hub. */
  readonly peers: readonly string[]
  readonly hubKey: NoteVerifier
  /** The checkpoint that this device was shown now. */
  readonly shown: Checkpoint
  readonly tiles: TileLog
  /** Newest checkpoint that a device has cosigned, with its cosignature; undefined when the hub shows none. */
  readonly cosignedBy: (device: string) => Promise<string | undefined>
  readonly nowSeconds: number
  /** How old a cosignature may be. */
  readonly freshSeconds: number
}

/**
 * Finds a split view without a witness that belongs to neither side. A device cosigns one history only. So a hub that
 * shows two histories can present the cosignatures of one half of its devices to the other half only if the histories
 * agree; what it does not present goes stale, and that is seen here. One fresh, consistent peer is enough.
 */
export async function comparePeers(comparison: PeerComparison): Promise<PeerVerdict> {
  const { peers, shown, tiles, nowSeconds, freshSeconds } = comparison
  let isConfirmed = peers.length === 0
  for (const peer of peers) {
    const found = await cosignedCheckpoint(peer, comparison)
    if (found === undefined) continue
    const { checkpoint, at } = found
    const [first, second] = checkpoint.size <= shown.size ? [checkpoint, shown] : [shown, checkpoint]
    if ((await tiles.consistency(first, second)) === undefined) return 'diverged'
    // A clock that is ahead confirms nothing for longer than one that is right.
    if (Math.abs(nowSeconds - at) <= freshSeconds) isConfirmed = true
  }
  return isConfirmed ? 'agreed' : 'unconfirmed'
}

/** The peer's newest checkpoint, signed by the hub and by the peer; undefined for anything else. */
async function cosignedCheckpoint(
  peer: string,
  { hubKey, cosignedBy }: PeerComparison,
): Promise<{ readonly checkpoint: Checkpoint; readonly at: number } | undefined> {
  const key = parseVerifierKey(peer)
  const device = /^leadglass\/([a-z0-9-]{1,64})\/witness$/.exec(key?.name ?? '')?.[1]
  if (key?.type !== SIGNATURE_TYPE.cosignature || device === undefined) return undefined
  const note = await cosignedBy(device)
  if (note === undefined) return undefined
  const opened = openCheckpoint(note, [hubKey])
  const cosigned = openNote(note, [createCosignatureVerifier(key)])
  const [line] = cosigned.kind === 'verified' ? cosigned.by : []
  const at = line === undefined ? undefined : cosignatureTime(line)
  return opened.kind === 'refused' || at === undefined ? undefined : { checkpoint: opened.checkpoint, at }
}
