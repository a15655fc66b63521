import { createApproverKey, openApproverKey } from '../../governance/approver-key.ts'
import { signRoot, signTargets } from '../ceremony.ts'
import { exchangeApprover, exchangeCustodian, exchangeOnlineKeys, partiesOf } from '../rotation.ts'
import { signMetadata, signOnline } from '../tuf-format.ts'
import type { DrillStage } from './stage.ts'

/** One rehearsed emergency. */
export interface Drill {
  readonly name: string
  readonly summary: string
  readonly run: (stage: DrillStage) => Promise<void>
}

const ONE = 'root 1, 1 model'
const TWO = 'root 2, 1 model'

/** One custodian of root cannot sign any more. The two who stay exchange the key. */
const rootKeyLost: Drill = {
  name: 'root-key-lost',
  summary: 'one of three root keys is lost: two custodians exchange it, and devices follow, also one that was off',
  async run(stage) {
    const present = [stage.custodian('root', 2), stage.custodian('root', 3)]
    const lost = stage.custodian('root', 1)
    const next = await stage.newCustodian('root')
    await stage.device('device', 'before', ONE)
    await stage.act('one custodian alone exchanges nothing', 'too-few-custodians', () =>
      exchangeCustodian('root', lost.publicKey, next.publicKey, stage.ceremony(present.slice(0, 1))),
    )
    await stage.act('two custodians exchange the key', 'done', () =>
      exchangeCustodian('root', lost.publicKey, next.publicKey, stage.ceremony(present)),
    )
    await stage.device('device', 'follows the new root', TWO)
    await stage.device('device that was off', 'follows from its first root', TWO)
    await stage.act('the lost key, found again, counts for nothing', 'too-few-custodians', () =>
      exchangeCustodian('root', next.publicKey, lost.publicKey, stage.ceremony([lost, stage.custodian('root', 2)])),
    )
  },
}

/** A thief has one root key. */
const rootKeyCompromised: Drill = {
  name: 'root-key-compromised',
  summary: 'one root key is stolen: what it signs alone is refused, before and after it is exchanged',
  async run(stage) {
    const stolen = stage.custodian('root', 1)
    const next = await stage.newCustodian('root')
    await stage.device('device', 'before', ONE)
    const state = await stage.writer().state()
    const own = partiesOf(state)
    const forged = signMetadata({ ...state.root.metadata.signed.toJSON(), version: 2 }, [stolen])
    await stage.plant('2.root.json', forged)
    await stage.device('device', 'refuses a root that one stolen key signed', 'arbitrary-software')
    await stage.remove('2.root.json')
    await stage.act('two other custodians exchange the key', 'done', () =>
      exchangeCustodian(
        'root',
        stolen.publicKey,
        next.publicKey,
        stage.ceremony([stage.custodian('root', 2), stage.custodian('root', 3)]),
      ),
    )
    await stage.device('device', 'follows the new root', TWO)
    const again = signRoot(3, own, own, [stolen, stage.custodian('root', 2)], stage.clock)
    await stage.plant('3.root.json', again)
    await stage.device('device', 'refuses a root by the stolen key and one custodian', 'arbitrary-software')
    await stage.remove('3.root.json')
    await stage.device('device', 'goes on when the forgery is gone', TWO)
  },
}

/** A thief has one key of the top-level targets role. */
const targetsKey: Drill = {
  name: 'targets-key',
  summary:
    'one targets key is stolen: a delegation that it changes alone is refused; it is exchanged through a new root',
  async run(stage) {
    const stolen = stage.custodian('targets', 1)
    const next = await stage.newCustodian('targets')
    const staying = [stage.custodian('targets', 2), stage.custodian('targets', 3)]
    const roots = [stage.custodian('root', 1), stage.custodian('root', 2)]
    await stage.device('device', 'before', ONE)
    const state = await stage.writer().state()
    const version = state.targets.metadata.signed.version + 1
    const alone = signMetadata({ ...state.targets.metadata.signed.toJSON(), version }, [stolen])
    await stage.act('the hub publishes nothing that one key signed', 'signatures-missing', () =>
      stage.writer().publishTargets(alone),
    )
    const before = partiesOf(state)
    await stage.act('custodians exchange the key', 'done', () =>
      exchangeCustodian('targets', stolen.publicKey, next.publicKey, stage.ceremony([...roots, ...staying])),
    )
    await stage.device('device', 'follows the new root and targets', TWO)
    const old = signTargets(version + 1, before, [stolen, stage.custodian('targets', 2)], stage.clock)
    await stage.act('the stolen key and one custodian change nothing', 'signatures-missing', () =>
      stage.writer().publishTargets(old),
    )
    await stage.act('the new key and one custodian can sign', 'done', async () => {
      const parties = partiesOf(await stage.writer().state())
      const signed = signTargets(version + 1, parties, [next, stage.custodian('targets', 2)], stage.clock)
      await stage.writer().publishTargets(signed)
    })
    await stage.device('device', 'follows', TWO)
  },
}

/** A thief has the hub: its online keys and its server. */
const onlineKeys: Drill = {
  name: 'online-keys',
  summary:
    'the hub is taken over: nothing unapproved is installed; new keys undo a fast-forward and old ones are refused',
  async run(stage) {
    const thief = stage.onlineKeys
    await stage.device('device', 'before', ONE)
    const { bytes } = await stage.signedList([], { named: stage.approvers.slice(0, 2) })
    await stage.act('the hub publishes no list without approvals', 'signatures-missing', () =>
      stage.writer(thief).publishApprovedModels(bytes, []),
    )
    const { timestamp } = await stage.writer().state()
    const far = { ...timestamp.metadata.signed.toJSON(), version: 2 ** 31 }
    await stage.plant('timestamp.json', await signOnline(far, [thief.timestamp]))
    await stage.device('device', 'takes the fast-forward, and no model by it', ONE)
    await stage.plant('timestamp.json', timestamp.bytes)
    await stage.device('device', 'refuses what is older than the fast-forward', 'metadata-rollback')
    const next = await stage.newOnlineKeys()
    await stage.act('custodians name new online keys', 'done', () =>
      exchangeOnlineKeys(
        next,
        stage.ceremony([stage.custodian('root', 1), stage.custodian('root', 2)], stage.writer(thief, next)),
      ),
    )
    stage.onlineKeys = next
    await stage.act('the hub signs with the new keys', 'done', () => stage.writer().resignOnline())
    await stage.device('device', 'recovers', TWO)
    await stage.device('device that was off', 'follows', TWO)
    const later = await stage.writer().state()
    const stale = { ...later.timestamp.metadata.signed.toJSON(), version: 2 ** 31 }
    await stage.plant('timestamp.json', await signOnline(stale, [thief.timestamp]))
    await stage.device('device', 'refuses the old online keys', 'arbitrary-software')
  },
}

/** A thief has one approver's key. */
const approverKey: Drill = {
  name: 'approver-key',
  summary:
    "an approver's key is stolen: alone it approves nothing; revoked, it no longer counts and the rest sign again",
  async run(stage) {
    const [clinical, technical, secondClinical] = stage.approvers
    if (clinical === undefined || technical === undefined || secondClinical === undefined) throw new Error('approvers')
    const targets = [stage.custodian('targets', 1), stage.custodian('targets', 2)]
    await stage.device('device', 'before', ONE)
    const alone = await stage.signedList([clinical], { named: [clinical, technical] })
    await stage.act('the stolen key alone publishes nothing', 'signatures-missing', () =>
      stage.writer().publishApprovedModels(alone.bytes, alone.packages),
    )
    await stage.act('custodians do not lose the list by accident', 'signatures-missing', () =>
      exchangeApprover(clinical.person, undefined, stage.ceremony(targets), { revoking: false }),
    )
    await stage.act('custodians revoke the key', 'done', () =>
      exchangeApprover(clinical.person, undefined, stage.ceremony(targets), { revoking: true }),
    )
    await stage.device('device', 'installs nothing that only the stolen key approved', 'too-few-approvals')
    const renewal = await stage.signedList([secondClinical, technical], { renewal: true })
    await stage.act('the remaining approvers sign the list again', 'done', () =>
      stage.writer().publishApprovedModels(renewal.bytes, []),
    )
    await stage.device('device', 'goes on', ONE)
    await stage.act('the revoked approver cannot be named any more', 'release-not-possible', () =>
      stage.signedList([clinical, technical]),
    )
    const forged = await stage.signedList([clinical, technical], { named: [secondClinical, technical] })
    await stage.act('the revoked key counts for nothing', 'signatures-missing', () =>
      stage.writer().publishApprovedModels(forged.bytes, forged.packages),
    )
    const passphrase = 'a passphrase of one drill'
    const file = await createApproverKey({ ...clinical, passphrase, cost: { n: 2 ** 14, r: 8, p: 1 } })
    await stage.act('the approver gets a new key', 'done', () =>
      exchangeApprover(clinical.person, { ...clinical, publicKey: file.publicKey }, stage.ceremony(targets), {
        revoking: false,
      }),
    )
    await stage.act('and approves with it', 'done', async () => {
      await stage.release([await openApproverKey(file, passphrase), technical])
    })
    await stage.device('device', 'installs what the new key approved', ONE)
  },
}

/** Every drill, in the order in which they are told. */
export const DRILLS: readonly Drill[] = [rootKeyLost, rootKeyCompromised, targetsKey, onlineKeys, approverKey]
